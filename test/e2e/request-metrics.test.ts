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
     slow: Path("/slow") -> uniformRequestLatency("500ms", "0ms") -> uniformResponseLatency("500ms", "0ms") -> ${here};
     shunt: Path("/shunt") -> uniformResponseLatency("500ms", "0ms") -> status(200) -> <shunt>;
     inner: Path("/inner") -> setResponseHeader("X-Inner", "1") -> ${here};
     outer: Path("/outer") -> setPath("/inner") -> uniformResponseLatency("500ms", "0ms") -> <loopback>;`,
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

/** By how much counters have risen while `run` ran; timers count their events. */
async function risen(run: () => Promise<void>): Promise<(key: string) => number> {
  const before = await metrics();
  await run();
  const after = await metrics();
  const count = (all: Codahale, key: string): number =>
    (all.counters?.[`skipper.${key}`] ?? all.timers?.[`skipper.${key}`])?.count ?? 0;
  return (key) => count(after, key) - count(before, key);
}

async function longestMs(timer: string): Promise<number> {
  const { max } = (await metrics()).timers![`skipper.${timer}`]!;
  return max / 1e6;
}

test("a failed first attempt is an error of the backend, also when the second one is answered", async () => {
  const rise = await risen(async () => assert.deepEqual(await statuses("/half", 4), [200, 200, 200, 200]));
  const errors = rise("errors.backend.half");
  assert.ok(errors === 3 || errors === 4, `${errors} errors: all but perhaps the first request meet the dead endpoint`);
  assert.equal(rise("outgoing.HTTP/1.1"), 4 + errors);
  assert.equal(rise("all.backend.5xx"), 0);
});

test("a second attempt that fails as well is no further error, but a backend call that ended with 5xx", async () => {
  const rise = await risen(async () => assert.deepEqual(await statuses("/none", 3), [502, 502, 502]));
  assert.equal(rise("errors.backend.none"), 3);
  assert.equal(rise("outgoing.HTTP/1.1"), 6);
  assert.equal(rise("all.backend.5xx"), 3);
  assert.equal(rise("all.backend"), 0);
  await until("the lines are written", () => proxy.log.split("Failed to retry backend request: ").length === 4);
});

test("a connection that had been closed is replaced without a trace", async () => {
  const rise = await risen(async () => assert.deepEqual(await statuses("/stale", 4), [200, 200, 200, 200]));
  assert.equal(rise("outgoing.HTTP/1.1"), 4);
  assert.equal(rise("errors.backend.stale"), 0);
});

test("the proxy's own time is without filters", async () => {
  assert.deepEqual(await statuses("/slow", 1), [200]);
  assert.deepEqual(await statuses("/shunt", 1), [200]);
  assert.ok((await longestMs("allfilters.combined.request")) >= 500);
  assert.ok((await longestMs("allfilters.combined.response")) >= 500);
  for (const timer of ["proxy.total", "proxy.request", "proxy.response"]) {
    assert.ok((await longestMs(timer)) < 400, timer);
  }
});

test("each route of a loopback has its own response phase", async () => {
  const rise = await risen(async () => assert.deepEqual(await statuses("/outer", 1), [200]));
  for (const route of ["outer", "inner"]) assert.equal(rise(`allfilters.response.${route}`), 1, route);
  assert.equal(rise("allfilters.combined.response"), 2);
  assert.ok((await longestMs("allfilters.response.outer")) >= 500);
  assert.ok((await longestMs("allfilters.response.inner")) < 400);
});
