// cache() in a proxy with two workers: one store and one flight for both, streams that hold no memory, and a worker that dies.

import assert from "node:assert/strict";
import { Agent, type IncomingMessage, request, type ServerResponse } from "node:http";
import net from "node:net";
import { after, before, test } from "node:test";
import { freePort } from "../conformance/socket-reader.ts";
import { type Backend, RunningProxy, startBackend, until } from "./running-proxy.ts";

const LARGE_BYTES = 6 * 2 ** 20;
const MIB = 2 ** 20;
/** Routes with a filter of their own that refreshes, and their path segments. */
const REFRESH_FILTERS = Array.from({ length: 12 }, (_, i) => `refresh${i}`);

let backend: Backend;
let proxy: RunningProxy;
let support: number;
/** Requests that the backend has seen, by target. */
const seen = new Map<string, number>();
/** Answers that wait for the test, by path. */
const held = new Map<string, ServerResponse[]>();

function answer(received: IncomingMessage, response: ServerResponse): void {
  const target = received.url!;
  const times = (seen.get(target) ?? 0) + 1;
  seen.set(target, times);
  const path = target.split("?", 1)[0]!;
  response.setHeader("Cache-Control", "max-age=600");
  if (path.startsWith("/refresh")) refreshed(path, times, response);
  else if (path === "/held" && times === 1) held.set(target, [...(held.get(target) ?? []), response]);
  else if (path === "/large") response.end(Buffer.alloc(LARGE_BYTES, "x"));
  else if (path === "/endless") stream(response, Number(target.split("?mib=")[1]));
  else if (path === "/hop") response.setHeader("Connection", "close, X-Hop").setHeader("X-Hop", "1").end();
  else if (path === "/short") {
    response.setHeader("Content-Length", "1000");
    response.write("half");
    setTimeout(() => response.destroy(), 20);
  } else response.end(`${target} ${times}`);
}

/** Refreshes that wait for the test, by their first path segment; how many ran at once at most; and whether they wait at all. */
const refreshing = new Map<string, ServerResponse[]>();
let mostRefreshing = 0;
let brokenRefreshes = 0;
let holdsRefreshes = true;

/** The first answer of a target comes at once; a refresh waits for the test. */
function refreshed(path: string, times: number, response: ServerResponse): void {
  if (times === 1 || !holdsRefreshes) return void response.end(`${times}`);
  const filter = path.split("/")[1]!;
  const present = refreshing.get(filter) ?? [];
  refreshing.set(filter, present);
  present.push(response);
  mostRefreshing = Math.max(mostRefreshing, present.length);
  response.on("close", () => {
    if (!response.writableEnded) brokenRefreshes++;
    present.splice(present.indexOf(response), 1);
  });
}

/** So many MiB, as fast as they are taken. */
function stream(response: ServerResponse, mib: number): void {
  const piece = Buffer.alloc(MIB / 4, "y");
  let left = mib * 4;
  const go = (): void => {
    while (left-- > 0) if (!response.write(piece)) return void response.once("drain", go);
    response.end();
  };
  go();
}

before(async () => {
  backend = await startBackend(answer);
  await startProxy();
});

async function startProxy(): Promise<void> {
  support = await freePort();
  const to = `"http://127.0.0.1:${backend.port}"`;
  const refreshFilters = REFRESH_FILTERS.map(
    (name) => `${name}: PathSubtree("/${name}") -> cache("1ms", "1ms", "600s") -> ${to};`,
  );
  proxy = await RunningProxy.startMortal(
    `all: * -> cache() -> ${to};
     ${refreshFilters.join("\n")}
     stale: Path("/outer") -> setPath("/inner") -> cache("300ms", "1s", "60s") -> ${to};`,
    "-workers=2",
    `-support-listener=127.0.0.1:${support}`,
  );
}

after(async () => {
  await proxy.stop();
  backend.server.closeAllConnections();
  await backend.close();
});

interface Reply {
  readonly status: number;
  readonly label: string;
  readonly body: string;
  readonly headers: IncomingMessage["headers"];
}

/** One request on a connection of its own, so that any worker may get it. */
function get(target: string, method = "GET", { port } = proxy): Promise<Reply> {
  return new Promise((resolve, reject) => {
    const agent = new Agent({ keepAlive: false });
    const sent = request({ port, host: "127.0.0.1", path: target, method, agent }, (response) => {
      let body = "";
      response.setEncoding("latin1").on("data", (text: string) => {
        body += text;
      });
      response.on("end", () =>
        resolve({
          status: response.statusCode!,
          label: String(response.headers["x-cache-status"]),
          body,
          headers: response.headers,
        }),
      );
      response.on("error", reject);
    });
    sent.on("error", reject).end();
  });
}

function times(target: string): number {
  return seen.get(target) ?? 0;
}

async function metric(kind: "counters" | "gauges", key: string): Promise<number> {
  const response = await fetch(`http://127.0.0.1:${support}/metrics/skipper.${key}`);
  if (response.status === 404) return 0;
  const found = ((await response.json()) as Record<string, Record<string, { count?: number; value?: number }>>)[kind]!;
  const { count, value } = found[`skipper.${key}`]!;
  return count ?? value!;
}

test("what one worker stored both serve, and both see it end", async () => {
  assert.equal((await get("/one")).label, "MISS");
  const replies = await Promise.all(Array.from({ length: 40 }, () => get("/one")));
  assert.deepEqual(new Set(replies.map(({ label, body }) => `${label} ${body}`)), new Set(["HIT /one 1"]));
  assert.equal(times("/one"), 1);
  await get("/one", "POST");
  assert.equal((await get("/one")).label, "MISS");
});

test("concurrent misses of both workers are one backend call", async () => {
  const replies = Array.from({ length: 40 }, () => get("/held"));
  await until("the backend is called", () => held.has("/held"));
  // Time for the others to arrive; that they do is not what is tested.
  await new Promise((resolve) => setTimeout(resolve, 300));
  for (const response of held.get("/held")!) response.end("once");
  const bodies = (await Promise.all(replies)).map(({ body }) => body);
  assert.deepEqual(new Set(bodies), new Set(["once"]));
  assert.equal(times("/held"), 1);
});

test("a body that breaks off reaches nobody as a whole, and is not stored", async () => {
  for (let i = 0; i < 2; i++) await assert.rejects(get("/short"));
  assert.equal(times("/short"), 2);
});

test("a line that the backend names in Connection is not stored", async () => {
  await get("/hop");
  const { label, headers } = await get("/hop");
  assert.deepEqual([label, headers["x-hop"]], ["HIT", undefined]);
});

test("a stale response is served at once and refreshed behind it, by the route that the client's request took", async () => {
  assert.equal((await get("/outer")).body, "/inner 1");
  await until("it is stale", async () => (await get("/outer")).label === "STALE");
  await until("the fresh one is served", async () => (await get("/outer")).body !== "/inner 1");
  assert.ok(times("/inner") >= 2);
});

test("both workers refresh one at a time, and 256 wait for them together", async () => {
  const targets = Array.from({ length: 270 }, (_, i) => `/refresh0/${i}`);
  for (const target of targets) assert.equal((await get(target)).label, "MISS");
  const dropped = await metric("counters", "reval_dropped");
  const replies = await Promise.all(targets.map((target) => get(target)));
  assert.deepEqual(new Set(replies.map(({ label }) => label)), new Set(["STALE"]));
  await until("one runs", () => refreshing.get("refresh0")?.length === 1);
  assert.equal(await metric("counters", "reval_dropped"), dropped + 270 - 257);
  for (let done = 0; done < 257; done++) {
    await until(`refresh ${done} runs`, () => refreshing.get("refresh0")!.length > 0);
    const [response] = refreshing.get("refresh0")!;
    response!.end("fresh");
    await until("it is over", () => !refreshing.get("refresh0")!.includes(response!));
  }
  assert.equal(mostRefreshing, 1);
  assert.equal(targets.filter((target) => times(target) === 2).length, 257);
});

test("200 clients that do not read a large entry hold pieces of it, not the body", async () => {
  await get("/large");
  assert.equal((await get("/large")).label, "HIT");
  const before = proxy.residentBytes;
  const clients = await Promise.all(
    Array.from({ length: 200 }, async () => {
      const socket = net.connect({ port: proxy.port, host: "127.0.0.1" });
      socket.write(`GET /large HTTP/1.1\r\nHost: 127.0.0.1:${proxy.port}\r\n\r\n`);
      // The head and a little more, and then nothing.
      await new Promise((resolve) => socket.once("readable", resolve));
      socket.read(1);
      return socket;
    }),
  );
  const grown = proxy.residentBytes - before;
  // The entry is replaced while they read it, and yet every one of them gets it whole.
  await get("/large", "DELETE");
  const rest = await Promise.all(clients.slice(0, 3).map(lengthOf));
  for (const bytes of rest) assert.ok(bytes > LARGE_BYTES && bytes < LARGE_BYTES + 1000, `${bytes} bytes`);
  for (const socket of clients) socket.destroy();
  assert.equal(times("/large"), 2);
  assert.ok(grown < 40 * MIB, `${Math.round(grown / MIB)} MiB more; 200 bodies are ${(200 * LARGE_BYTES) / MIB}`);
});

async function lengthOf(socket: net.Socket): Promise<number> {
  let bytes = 1;
  await new Promise<void>((resolve) => {
    socket.on("data", (chunk) => {
      bytes += chunk.length;
      if (bytes > LARGE_BYTES) resolve();
    });
    socket.on("close", () => resolve());
  });
  return bytes;
}

test("a body of any length passes; what is too large to be stored is counted and costs no memory", async () => {
  const oversized = await metric("counters", "lru_oversized");
  await get("/endless?mib=1");
  const before = proxy.residentBytes;
  const sent = request({ port: proxy.port, host: "127.0.0.1", path: "/endless?mib=256" }).end();
  const bytes = await new Promise<number>((resolve) => {
    sent.on("response", (response) => {
      let count = 0;
      response.on("data", (chunk: Buffer) => {
        count += chunk.length;
      });
      response.on("end", () => resolve(count));
    });
  });
  assert.equal(bytes, 256 * MIB);
  const grown = proxy.residentBytes - before;
  assert.ok(grown < 30 * MIB, `${Math.round(grown / MIB)} MiB more`);
  assert.equal(await metric("counters", "lru_oversized"), oversized + 1);
  assert.equal((await get("/endless?mib=1")).label, "HIT");
});

test("hits and misses are counted over both workers; the stored bytes are one gauge", async () => {
  const [hits, misses] = [await metric("counters", "cache.custom.hit"), await metric("counters", "cache.custom.miss")];
  await Promise.all(Array.from({ length: 10 }, () => get("/counted?1")));
  await Promise.all(Array.from({ length: 10 }, () => get("/counted?1")));
  const hit = (await metric("counters", "cache.custom.hit")) - hits;
  const missed = (await metric("counters", "cache.custom.miss")) - misses;
  assert.equal(times("/counted?1"), 1);
  assert.ok(hit >= 19 && missed >= 1, `${hit} hits, ${missed} misses`);
  const stored = await metric("gauges", "lru_bytes");
  assert.ok(stored > MIB && stored < 3 * MIB, `${stored} bytes`);
});

test("when a worker dies its followers are served soon, and what is stored stays", async () => {
  assert.equal((await get("/one")).label, "HIT");
  // So many that some of the leaders are in the worker that dies, and some of their followers in the other.
  const targets = Array.from({ length: 32 }, (_, i) => `/held?${i}`);
  const leaders = targets.map((target) => get(target).catch(() => null));
  await until("the backend is called for all", () => targets.every((target) => held.has(target)));
  const followers = targets.flatMap((target) => [1, 2, 3].map(() => get(target).catch(() => null)));
  await new Promise((resolve) => setTimeout(resolve, 300));
  proxy.signal("SIGUSR2");
  await until("the death is counted", async () => (await metric("counters", "worker.restarts")) === 1);
  // Leaders of the other worker go on: their answers come now.
  for (const target of targets) for (const response of held.get(target)!) response.end("first");
  const replies = (await Promise.all(followers)).filter((reply) => reply !== null);
  assert.ok(replies.length > 0, "followers in the other worker live on");
  for (const { status, body } of replies) assert.ok(status === 200 && (body === "first" || body.endsWith(" 2")), body);
  await Promise.all(leaders);
  assert.ok(
    targets.some((target) => times(target) === 2),
    "a follower of a dead leader led",
  );
  await until("new connections are served from the store", async () => {
    const reply = await get("/one").catch(() => null);
    return reply?.label === "HIT";
  });
});

test("when a worker dies that refreshes, the refreshes of the other one go on", async () => {
  // The dead worker of the test before may have no successor yet.
  await proxy.stop();
  await startProxy();
  // Of each filter one refresh runs, in any worker, and others wait.
  const filters = REFRESH_FILTERS.slice(1);
  const targets = filters.flatMap((name) => Array.from({ length: 8 }, (_, i) => `/${name}/${i}`));
  for (const target of targets) await get(target);
  await Promise.all(targets.map((target) => get(target)));
  await until("each filter refreshes", () => filters.every((name) => refreshing.get(name)?.length === 1));
  // Where one worker got all requests, the first to die may be the other one.
  for (let deaths = 1; deaths <= 4 && brokenRefreshes === 0; deaths++) {
    proxy.signal("SIGUSR2");
    await until("the death is counted", async () => (await metric("counters", "worker.restarts")) === deaths);
  }
  await until("the dead worker's refreshes broke off", () => brokenRefreshes > 0);
  // What the other worker had waiting runs now, and what comes later.
  holdsRefreshes = false;
  for (const name of filters) for (const response of refreshing.get(name)!) response.end("fresh");
  for (const name of filters) {
    const target = `/${name}/late`;
    const late = async () => (await get(target).catch(() => null))?.body;
    await until(`${name} refreshes again`, async () => Number(await late()) > 1);
  }
});
