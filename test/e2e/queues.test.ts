// Route queues over real sockets, with two workers: slots are those of the process, whoever holds them and however a request ends.

import assert from "node:assert/strict";
import { type ClientRequest, type IncomingMessage, request, type ServerResponse } from "node:http";
import { after, before, beforeEach, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

let proxy: RunningProxy;
let backend: Backend;
let support: number;
/** Requests that the backend has and does not answer yet, in the order of their arrival. */
let held: { readonly path: string; readonly response: ServerResponse }[] = [];

/** So many connections that each worker has some. */
const MANY = 24;

const routes = (fifo: string) => `
  fifo: PathSubtree("/fifo") -> ${fifo} -> "http://127.0.0.1:${backend.port}";
  lifo: PathSubtree("/lifo") -> lifo(1, 1, "20s") -> "http://127.0.0.1:${backend.port}";
  body: PathSubtree("/body") -> lifoWithBody(1, 1, "20s") -> "http://127.0.0.1:${backend.port}";
  many: PathSubtree("/many") -> fifo(${MANY}, 0, "20s") -> "http://127.0.0.1:${backend.port}";
  dead: PathSubtree("/dead") -> fifo(1, 0, "20s") -> "http://127.0.0.1:1";
  panic: PathSubtree("/cut") -> fifo(1, 0, "20s") -> backendTimeout("50ms") -> "http://127.0.0.1:${backend.port}";`;

before(async () => {
  support = await freePort();
  backend = await startBackend(({ url }, response) => {
    held.push({ path: url!, response });
    response.on("close", () => {
      held = held.filter((each) => each.response !== response);
    });
  });
  proxy = await RunningProxy.startMortal(
    routes('fifo(1, 20, "20s")'),
    "-workers=2",
    "-enable-route-fifo-metrics",
    "-enable-route-lifo-metrics",
    `-support-listener=127.0.0.1:${support}`,
  );
});
after(async () => {
  for (const { response } of held) response.destroy();
  await proxy.stop();
  await backend.close();
});
beforeEach(() => until("no request is with the backend", () => held.length === 0));

interface Asked {
  readonly client: ClientRequest;
  /** The status; 0 when the connection broke. */
  readonly status: Promise<number>;
  readonly body: Promise<string>;
}

/** One request on a connection of its own: the kernel chooses its worker. */
function ask(path: string): Asked {
  const { promise, resolve } = Promise.withResolvers<IncomingMessage | null>();
  const client = request({ host: "127.0.0.1", port: proxy.port, path, agent: false }, resolve);
  client.on("error", () => resolve(null)).end();
  const text = async () => {
    const message = await promise;
    let body = "";
    for await (const chunk of message ?? []) body += String(chunk);
    return body;
  };
  return { client, status: promise.then((message) => message?.statusCode ?? 0), body: text().catch(() => "") };
}

async function answer(path: string): Promise<void> {
  await until(`the backend has ${path}`, () => held.some((each) => each.path === path));
  held.find((each) => each.path === path)!.response.end("done");
}

/** A gauge or counter of the queues. */
async function reading(key: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${support}/metrics/skipper.${key}`);
  // It is there from the first time on that it is not 0.
  if (response.status === 404) return 0;
  const found = (await response.json()) as Record<string, Record<string, { count?: number; value?: number }>>;
  const entry = found.gauges?.[`skipper.${key}`] ?? found.counters?.[`skipper.${key}`];
  return entry?.value ?? entry?.count ?? 0;
}

/** Waits until it has the value. */
function metric(key: string, value: number): Promise<void> {
  return until(`${key} is ${value}`, async () => (await reading(key)) === value);
}

test("a queue keeps the order of arrival over both workers", async () => {
  const asked: Asked[] = [];
  const order: string[] = [];
  for (let i = 0; i < 10; i++) {
    asked.push(ask(`/fifo/${i}`));
    if (i === 0) await until("the first is with the backend", () => held.length === 1);
    else await metric("fifo.fifo.queued", i);
  }
  for (let i = 0; i < 10; i++) {
    await until("the next one", () => held.length === 1);
    order.push(held[0]!.path);
    await answer(held[0]!.path);
    await asked[i]!.status;
  }
  assert.deepEqual(
    order,
    asked.map((_, i) => `/fifo/${i}`),
  );
});

test("one that goes away while it waits in a queue leaves it", async () => {
  const first = ask("/fifo/first");
  await until("the first is with the backend", () => held.length === 1);
  const gone = ask("/fifo/gone");
  await metric("fifo.fifo.queued", 1);
  gone.client.destroy();
  await metric("fifo.fifo.queued", 0);
  await answer("/fifo/first");
  assert.equal(await first.status, 200);
  const next = ask("/fifo/next");
  await answer("/fifo/next");
  assert.equal(await next.status, 200);
});

test("with lifo() a slot is free when the head of the response is there, with lifoWithBody() when its body was sent", async () => {
  for (const [kind, passes] of [
    ["lifo", true],
    ["body", false],
  ] as const) {
    const first = ask(`/${kind}/1`);
    await until("the first is with the backend", () => held.length === 1);
    const [{ response }] = held as [(typeof held)[0]];
    response.write("begun");
    assert.equal(await first.status, 200);
    const second = ask(`/${kind}/2`);
    if (passes) await until("the second is with the backend", () => held.length === 2);
    else {
      await metric("lifo.body.queued", 1);
      assert.equal(held.length, 1);
    }
    response.end();
    await answer(`/${kind}/2`);
    assert.deepEqual([await second.status, await second.body, await first.body], [200, "done", "begun"]);
  }
});

test("a client that breaks off a response gives its slot back", async () => {
  const first = ask("/body/1");
  await until("the first is with the backend", () => held.length === 1);
  held[0]!.response.write("begun");
  await first.status;
  const second = ask("/body/2");
  await metric("lifo.body.queued", 1);
  first.client.destroy();
  await answer("/body/2");
  assert.equal(await second.status, 200);
});

test("requests that fail give their slots back", async () => {
  for (const [path, status] of [
    ["/dead", 502],
    ["/cut", 504],
  ] as const) {
    for (let i = 0; i < 5; i++) assert.equal(await ask(path).status, status);
  }
  await until("the backend is rid of them", () => held.length === 0);
});

test("the queue of a route with other settings forgets who is inside, and lets in who waits", async () => {
  const asked = [ask("/fifo/1")];
  await until("the first is with the backend", () => held.length === 1);
  for (const [i, path] of ["/fifo/2", "/fifo/3", "/fifo/4"].entries()) {
    asked.push(ask(path));
    await metric("fifo.fifo.queued", i + 1);
  }
  proxy.writeRoutes(routes('fifo(2, 20, "20s")'));
  await until("two more are let in", () => held.length === 3);
  await metric("fifo.fifo.queued", 1);
  for (const { path } of held) await answer(path);
  await answer("/fifo/4");
  assert.deepEqual(await Promise.all(asked.map(({ status }) => status)), [200, 200, 200, 200]);
  await metric("fifo.fifo.active", 0);
});

test("a worker that dies frees the slots of its requests", async () => {
  const asked = Array.from({ length: MANY }, (_, i) => ask(`/many/${i}`));
  await until("all are with the backend", () => held.length === MANY);
  assert.equal(await ask("/many/more").status, 503);
  await metric("fifo.many.active", MANY);
  proxy.signal("SIGUSR2");
  await proxy.logs("another starts in");
  // The backend hears of the broken ones one by one.
  await until("only those of the other worker hold slots", async () => {
    const active = await reading("fifo.many.active");
    return active < MANY && active === held.length;
  });
  const left = held.length;
  const more = Array.from({ length: MANY - left }, (_, i) => ask(`/many/more${i}`));
  await until("the free slots are taken", () => held.length === MANY);
  for (const { path } of [...held]) await answer(path);
  assert.deepEqual(
    await Promise.all(more.map(({ status }) => status)),
    more.map(() => 200),
  );
  const statuses = await Promise.all(asked.map(({ status }) => status));
  assert.equal(statuses.filter((status) => status === 200).length, left);
  await metric("fifo.many.active", 0);
});
