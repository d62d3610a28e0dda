// Behaviour of the delay and throttle filters (spec filters 8).

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import fc from "fast-check";
import { argsProblem, FakeContext, fakeEnv, makeFilters, runChain } from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";
import { filterSpecs } from "../index.ts";
import { fromHistogram, normal, uniform } from "./distributions.ts";
import { throttle } from "./throttle.ts";
import { bandwidthThrottle } from "./throttle-filter.ts";

async function elapsed(run: () => unknown): Promise<number> {
  const begin = performance.now();
  await run();
  return performance.now() - begin;
}

for (const [chain, phase, least] of [
  ["latency(30)", "response", 30],
  ['latency("30ms")', "response", 30],
  ['backendLatency("30ms")', "request", 30],
  ['uniformRequestLatency("30ms", 0)', "request", 30],
  ["uniformResponseLatency(30, 0)", "response", 30],
  ["normalRequestLatency(30, 0)", "request", 30],
  ['normalResponseLatency("30ms", "0")', "response", 30],
  ['histogramRequestLatency("0s", 0, "30ms", 2, "31ms")', "request", 30],
  ['histogramResponseLatency("30ms", 1, "31ms")', "response", 30],
] as const) {
  test(`${chain} waits in the ${phase} phase only`, async () => {
    const filter = makeFilters(chain)[0]!;
    const ctx = new FakeContext();
    // Timers may fire up to a millisecond early.
    assert.ok((await elapsed(() => filter[phase]!(ctx))) >= least - 1);
    assert.equal(filter[phase === "request" ? "response" : "request"], undefined);
  });
}

test("the timer of a delay ends with its exchange", () => {
  const ctx = new FakeContext();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === "Timeout").length;
  const before = timers();
  void makeFilters('latency("1h")')[0]!.response!(ctx);
  assert.equal(timers(), before + 1);
  for (const release of ctx.releases) release();
  assert.equal(timers(), before);
});

test("a delay that is not above zero is no promise", () => {
  const env = fakeEnv(() => 0);
  const filter = makeFilters('uniformRequestLatency("10ms", "20ms")', env)[0]!;
  assert.equal(filter.request!(new FakeContext()), undefined);
  assert.equal(makeFilters("latency(0)")[0]!.response!(new FakeContext()), undefined);
});

/** The waits that are asked for meanwhile, in milliseconds; each is over at once. */
async function pausesOf(run: () => Promise<unknown>): Promise<number[]> {
  const asked: number[] = [];
  const timers = mock.method(globalThis, "setTimeout", (go: () => void, ms: number) => {
    asked.push(ms);
    queueMicrotask(go);
  });
  try {
    await run();
  } finally {
    timers.mock.restore();
  }
  return asked;
}

test("a delay that is longer than timers can be is a long one", async () => {
  const asked = await pausesOf(async () => {
    await makeFilters('latency("1000h")')[0]!.response!(new FakeContext());
    const { responseTransforms: made } = new FakeContext();
    await makeFilters('chunks(1, "1000h")')[0]!.response!({
      transformResponseBody: (transform) => void made.push(transform),
    } as FakeContext);
    for await (const _ of made[0]!.write(Buffer.from("a")) as AsyncIterable<Uint8Array>);
  });
  assert.deepEqual(asked, [2 ** 31 - 1, 2 ** 31 - 1, 2 ** 31 - 1]);
});

test("distributions", () => {
  const random = fc.double({ min: 0, max: 1 - 2 ** -52, noNaN: true });
  fc.assert(
    fc.property(random, random, (a, b) => {
      const ms = uniform(100, 20, () => a);
      assert.ok(ms >= 80 && ms <= 120);
      let turn = 0;
      assert.ok(Number.isFinite(normal(100, 20, () => (turn++ === 0 ? a : b))));
      turn = 0;
      const histogram = { boundariesMs: [1, 2, 5, 9], weights: [3, 0, 1] };
      const drawn = fromHistogram(histogram, () => (turn++ === 0 ? a : b));
      // The upper boundary is reached where the sum is rounded.
      assert.ok(a < 0.75 ? drawn >= 1 && drawn <= 2 : drawn >= 5 && drawn <= 9, String(drawn));
    }),
  );
  let sum = 0;
  let squares = 0;
  for (let i = 0; i < 20000; i++) {
    const x = normal(10, 3, Math.random);
    sum += x;
    squares += (x - 10) ** 2;
  }
  assert.ok(Math.abs(sum / 20000 - 10) < 0.15 && Math.abs(Math.sqrt(squares / 20000) - 3) < 0.15);
});

for (const [args, good] of [
  [["20ms", 1, "30ms"], true],
  [["0s", 0, "20ms", 2, "30ms"], true],
  [["20ms", 1], false],
  [["20ms", 1, "30ms", 2], false],
  [["20ms", 1, "20ms"], false],
  [["-1ms", 1, "20ms"], false],
  [["20ms", 0, "30ms"], false],
  [["20ms", -1, "30ms"], false],
  [["20ms", "1", "30ms"], false],
  [[20, 1, 30], false],
] as const) {
  test(`histogram arguments ${JSON.stringify(args)}`, () => {
    const spec = filterSpecs.find((one) => one.name === "histogramRequestLatency")!;
    assert.equal(argsProblem(spec, args) === "", good);
  });
}

for (const [name, args] of [
  ["bandwidth", [0]],
  ["bandwidth", [-1]],
  ["backendBandwidth", [0]],
  ["chunks", [0, 1]],
  ["backendChunks", [-1, 1]],
] as const) {
  test(`${name} ${JSON.stringify(args)} is refused`, () => {
    assert.match(argsProblem(filterSpecs.find((one) => one.name === name)!, args), /expected a number above 0, got /);
  });
}

test("a rate above the limit has no step", () => {
  assert.deepEqual(makeFilters("bandwidth(501)"), [{}]);
  assert.deepEqual(bandwidthThrottle(1), { unitBytes: 512, pauseMs: 500, isRate: true });
  assert.deepEqual(bandwidthThrottle(0.5), { unitBytes: 512, pauseMs: 1000, isRate: true });
});

test("chunks pauses once before the first byte and after each piece", async () => {
  const answer = { body: ["backe", "nd"], headers: [["Content-Length", "7"]] as const };
  let result = await runChain('chunks(3, "0ms")', {}, answer);
  const pauses = await pausesOf(async () => {
    result = await runChain('chunks(3, "20ms")', {}, answer);
  });
  assert.deepEqual(pauses, [20, 20, 20]);
  assert.equal(result.body, "backend");
  assert.deepEqual(result.headers, { "content-length": ["7"] });
  assert.deepEqual(await pausesOf(() => runChain('chunks(0.5, "20ms")', {}, answer)), [20]);
});

test("a throttle cuts, and only for a rate the time that bytes took is part of their pause", async () => {
  for (const isRate of [true, false]) {
    const pieces = (
      throttle({ unitBytes: 4, pauseMs: 20, isRate }).write(Buffer.from("abcdefg")) as AsyncIterable<Buffer>
    )[Symbol.asyncIterator]();
    await pausesOf(async () => assert.equal(String((await pieces.next()).value), "abcd"));
    const later = performance.now() + 30;
    while (performance.now() < later);
    const pauses = await pausesOf(async () => assert.equal(String((await pieces.next()).value), "efg"));
    assert.deepEqual(pauses, isRate ? [] : [20]);
  }
});

test("a broken body ends the wait", async () => {
  const ctx = new FakeContext();
  makeFilters('chunks(1, "10h")')[0]!.response!(ctx);
  const transform = ctx.responseTransforms[0]!;
  const pieces = transform.write(Buffer.from("x")) as AsyncIterable<Uint8Array>;
  void pieces[Symbol.asyncIterator]().next();
  // Without this the timer would keep the process for ten hours.
  transform.destroy!();
});

testFilters([
  {
    title: "request body",
    chain: "backendChunks(1, 0) -> backendBandwidth(400)",
    request: { method: "POST", body: ["ab", "c"] },
    expect: { requestBody: "abc" },
  },
  { title: "no body, no transform", chain: "backendChunks(1, 1)", expect: { ctx: { requestTransforms: [] } } },
]);
