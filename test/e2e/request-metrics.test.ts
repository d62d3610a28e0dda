// What the metrics say of requests to backends that fail, of slow filters and of loopbacks (spec observability 5).

import assert from "node:assert/strict";
import { once } from "node:events";
import { createServer } from "node:net";
import { after, before, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

let proxy: RunningProxy;
let backend: Backend;
let support: number;

/** Connections to a server that answers the first request and closes at the second. */
const fickle = createServer((socket) => {
  let requests = 0;
  socket.on("error", () => {});
  socket.on("data", () => {
    if (++requests === 1) socket.write("HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok");
    else socket.destroy();
  });
});

before(async () => {
  backend = await startBackend((_request, response) => response.end("ok"));
  fickle.listen(0, "127.0.0.1");
  await once(fickle, "listening");
  const address = fickle.address();
  assert.ok(typeof address === "object" && address !== null);
  support = await freePort();
  const here = `"http://127.0.0.1:${backend.port}"`;
  const dead = `"http://127.0.0.1:${await freePort()}"`;
  proxy = await RunningProxy.start(
    `half: Path("/half") -> <roundRobin, ${here}, ${dead}>;
     none: Path("/none") -> <roundRobin, ${dead}, ${dead}>;
     stale: Path("/stale") -> "http://127.0.0.1:${address.port}";
     slow: Path("/slow") -> uniformRequestLatency("2s", "0ms") -> uniformResponseLatency("2s", "0ms") -> ${here};
     shunt: Path("/shunt") -> uniformResponseLatency("2s", "0ms") -> status(200) -> <shunt>;
     inner: Path("/inner") -> setResponseHeader("X-Inner", "1") -> ${here};
     outer: Path("/outer") -> setPath("/inner") -> uniformResponseLatency("2s", "0ms") -> <loopback>;`,
    "-workers=2",
    `-support-listener=127.0.0.1:${support}`,
    "-proxy-request-metrics",
    "-proxy-response-metrics",
  );
});
after(async () => {
  await proxy.stop();
  fickle.close();
  await backend.close();
});

interface Timer {
  readonly count: number;
  /** Nanoseconds. */
  readonly max: number;
}
interface Codahale {
  readonly counters?: Readonly<Record<string, { count: number }>>;
  readonly timers?: Readonly<Record<string, Timer>>;
}

async function metrics(): Promise<Codahale> {
  const answer = await fetch(`http://127.0.0.1:${support}/metrics`);
  return (await answer.json()) as Codahale;
}

async function statuses(path: string, count: number, method = "GET"): Promise<number[]> {
  const seen: number[] = [];
  for (let i = 0; i < count; i++) {
    const answer = await fetch(`http://127.0.0.1:${proxy.port}${path}`, { method });
    await answer.arrayBuffer();
    seen.push(answer.status);
  }
  return seen;
}

/** Checks by how much counters have risen while `run` ran; timers count their events. What a request counts is there soon after its answer. */
async function rises(run: () => Promise<void>, expected: Readonly<Record<string, number>>): Promise<void> {
  const count = (all: Codahale, key: string): number =>
    (all.counters?.[`skipper.${key}`] ?? all.timers?.[`skipper.${key}`])?.count ?? 0;
  const before = await metrics();
  await run();
  const risen = async (): Promise<Record<string, number>> => {
    const after = await metrics();
    return Object.fromEntries(Object.keys(expected).map((key) => [key, count(after, key) - count(before, key)]));
  };
  // What is more than expected stays so, and is told below.
  const isThere = async () => Object.entries(await risen()).every(([key, by]) => by >= expected[key]!);
  await until(`${JSON.stringify(expected)}; got ${JSON.stringify(await risen())} at first`, isThere);
  assert.deepEqual(await risen(), expected);
}

async function longestMs(timer: string): Promise<number> {
  const { max } = (await metrics()).timers![`skipper.${timer}`]!;
  return max / 1e6;
}

test("a failed first attempt is an error of the backend, also when the second one is answered", async () => {
  const ask = (count: number) => async () => assert.deepEqual(await statuses("/half", count), Array(count).fill(200));
  // Where the first turn is random; from then on every second attempt meets the dead endpoint, and the next attempt the other one.
  await ask(1)();
  await rises(ask(4), { "errors.backend.half": 4, "outgoing.HTTP/1.1": 8, "all.backend.5xx": 0 });
});

test("a second attempt that fails as well is no further error, but a backend call that ended with 5xx", async () => {
  const expected = { "errors.backend.none": 3, "outgoing.HTTP/1.1": 6, "all.backend.5xx": 3, "all.backend": 0 };
  await rises(async () => assert.deepEqual(await statuses("/none", 3), [502, 502, 502]), expected);
  await until("the lines are written", () => proxy.log.split("Failed to retry backend request: ").length === 4);
});

test("a connection that had been closed is replaced without a trace", async () => {
  const expected = { "outgoing.HTTP/1.1": 4, "errors.backend.stale": 0 };
  await rises(async () => assert.deepEqual(await statuses("/stale", 4), [200, 200, 200, 200]), expected);
});

test("the proxy's own time is without filters", async () => {
  assert.deepEqual(await statuses("/slow", 1), [200]);
  assert.deepEqual(await statuses("/shunt", 1), [200]);
  assert.ok((await longestMs("allfilters.combined.request")) >= 1990);
  assert.ok((await longestMs("allfilters.combined.response")) >= 1990);
  for (const timer of ["proxy.total", "proxy.request", "proxy.response"]) {
    assert.ok((await longestMs(timer)) < 1900, timer);
  }
});

test("each route of a loopback has its own response phase", async () => {
  const expected = {
    "allfilters.response.outer": 1,
    "allfilters.response.inner": 1,
    "allfilters.combined.response": 2,
  };
  await rises(async () => assert.deepEqual(await statuses("/outer", 1), [200]), expected);
  assert.ok((await longestMs("allfilters.response.outer")) >= 1990);
  assert.ok((await longestMs("allfilters.response.inner")) < 1900);
});
