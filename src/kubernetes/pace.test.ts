// Turns of work: when one is over, what comes in between, and who sleeps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace, stepwise } from "./pace.ts";

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

test("a turn is over after its time, and the pause begins another one", async () => {
  const pace = new Pace(false);
  work(10);
  assert.ok(pace.isOver);
  const since = performance.now();
  await pace.pause();
  assert.ok(!pace.isOver || performance.now() - since >= 8);
});

test("in a pause what is due comes in between", async () => {
  let came = false;
  setImmediate(() => {
    came = true;
  });
  await new Pace(true).pause();
  assert.ok(came);
});

test("gentle work gives up the core once in a turn of 0.1 ms, fast work never", (t) => {
  const { mock } = t.mock.method(Atomics, "wait");
  const gentle = new Pace(true);
  for (let i = 0; i < 20; i++) {
    work(0.2);
    gentle.step();
  }
  assert.equal(mock.callCount(), 20);
  assert.ok(mock.calls.every(({ result }) => result === "timed-out"));
  mock.resetCalls();
  const since = performance.now();
  for (let i = 0; i < 100_000; i++) gentle.step();
  const turns = (performance.now() - since) / 0.1;
  assert.ok(mock.callCount() > 0 && mock.callCount() <= turns + 1, `${mock.callCount()} sleeps in ${turns} turns`);
  mock.resetCalls();
  const fast = new Pace(false);
  for (let i = 0; i < 20; i++) {
    work(0.2);
    fast.step();
  }
  assert.equal(mock.callCount(), 0);
});

test("a step comes before each item", () => {
  const seen: string[] = [];
  const pace = new Pace(false);
  pace.step = () => void seen.push("step");
  for (const item of stepwise(["a", "b"], pace)) seen.push(item);
  assert.deepEqual(seen, ["step", "a", "step", "b"]);
});
