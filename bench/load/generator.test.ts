// The load generator against servers that answer well, wrongly, in chunks, or not to the end.

import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import type { AddressInfo } from "node:net";
import path from "node:path";
import process from "node:process";
import { test } from "node:test";
import { getHead, type LoadPlan, type LoadResult, postHead } from "./plan.ts";

const plain: Omit<LoadPlan, "port"> = {
  connections: 4,
  seconds: 0.3,
  ratePerSecond: 0,
  heads: [getHead("a.example", "/one"), getHead("a.example", "/two")],
  bodyBytes: 0,
  expectStatus: 200,
  expectBytes: 5,
};

async function load(listener: http.RequestListener, ...plans: Omit<LoadPlan, "port">[]): Promise<LoadResult> {
  const server = http.createServer(listener).listen(0, "127.0.0.1");
  try {
    await once(server, "listening");
    const { port } = server.address() as AddressInfo;
    const child = spawn(process.execPath, [path.join(import.meta.dirname, "generator.ts")], {
      stdio: ["pipe", "pipe", "inherit"],
    });
    child.stdin.end(plans.map((plan) => `${JSON.stringify({ ...plan, port })}\n`).join(""));
    const lines = (await child.stdout.setEncoding("utf8").toArray()).join("").trim().split("\n");
    assert.equal(lines.length, plans.length);
    return JSON.parse(lines.at(-1)!) as LoadResult;
  } finally {
    server.closeAllConnections();
    server.close();
  }
}

function text(response: http.ServerResponse, body: string): void {
  response.setHeader("Content-Length", body.length);
  response.end(body);
}

test("right answers are counted, and every head is sent in turn", async () => {
  const seen = new Map<string, number>();
  const result = await load((request, response) => {
    seen.set(request.url!, (seen.get(request.url!) ?? 0) + 1);
    text(response, "hello");
  }, plain);
  assert.deepEqual(result.errors, {});
  assert.ok(result.requests > 10);
  // The last ones of the connections may not have come.
  assert.ok(Math.abs(seen.get("/one")! - seen.get("/two")!) <= plain.connections);
  assert.ok(result.latencyMicros.p50 > 0 && result.latencyMicros.p99 >= result.latencyMicros.p50);
});

test("chunked answers are read to their end", async () => {
  const result = await load((_request, response) => {
    response.write("hel");
    setImmediate(() => response.end("lo"));
  }, plain);
  assert.deepEqual(result.errors, {});
  assert.ok(result.requests > 10);
});

for (const [what, listener, error] of [
  ["status", (_request, response) => response.writeHead(503, { "Content-Length": 5 }).end("hello"), "status 503"],
  ["length", (_request, response) => text(response, "hello!"), "length 6"],
  [
    "broken body",
    (_request, response) => response.writeHead(200, { "Content-Length": 5 }).write("he", () => response.destroy()),
    "closed by the other side",
  ],
] as const satisfies readonly (readonly [string, http.RequestListener, string])[]) {
  test(`an answer with a wrong ${what} is an error`, async () => {
    const result = await load(listener, plain);
    assert.equal(result.requests, 0);
    assert.deepEqual(Object.keys(result.errors), [error]);
  });
}

test("one process runs several plans, one after the other", async () => {
  const seen: string[] = [];
  const answer: http.RequestListener = (request, response) => {
    seen.push(request.url!);
    text(response, "hello");
  };
  const first = { ...plain, heads: [getHead("a.example", "/first")] };
  const result = await load(answer, first, { ...plain, heads: [getHead("a.example", "/second")] });
  assert.deepEqual(result.errors, {});
  assert.ok(seen.lastIndexOf("/first") < seen.indexOf("/second"));
  assert.equal(seen[0], "/first");
});

test("bodies are sent whole", async () => {
  const lengths = new Set<number>();
  const body = { heads: [postHead("a.example", "/up", 100_000)], bodyBytes: 100_000 };
  const result = await load(
    async (request, response) => {
      let bytes = 0;
      for await (const data of request) bytes += (data as Buffer).length;
      lengths.add(bytes);
      text(response, "hello");
    },
    { ...plain, ...body },
  );
  assert.deepEqual(result.errors, {});
  assert.deepEqual([...lengths], [100_000]);
});

test("a fixed rate is kept", async () => {
  const times: number[] = [];
  const result = await load(
    (_request, response) => {
      times.push(performance.now());
      text(response, "hello");
    },
    { ...plain, seconds: 1, ratePerSecond: 100 },
  );
  // What a busy machine delays is made up for at once, so their number counts (without a rate there are thousands), and that they do not come all together.
  const seconds = (times.at(-1)! - times[0]!) / 1000;
  assert.ok(times.length > 80 && times.length < 200 && seconds > 0.3, `${times.length} in ${seconds} s`);
  assert.deepEqual(result.errors, {});
});

test("with a fixed rate the latencies at the machine's usual speed are told by second", async () => {
  const result = await load((_request, response) => text(response, "hello"), {
    ...plain,
    seconds: 2.5,
    ratePerSecond: 500,
  });
  assert.equal(result.steadyP99MicrosBySecond.length, result.p99MicrosBySecond.length);
  for (const micros of result.steadyP99MicrosBySecond) assert.ok(micros === null || micros > 0);
});
