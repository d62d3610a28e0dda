// Turns of work: when one is over, what comes in between, and who sleeps.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Pace, stepwise } from "./pace.ts";

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

/** How often a thread of this process went to sleep in a second of small pieces of work. */
function sleeps(pace: Pace): number {
  const before = process.resourceUsage().voluntaryContextSwitches;
  for (const end = performance.now() + 1000; performance.now() < end; pace.step());
  return process.resourceUsage().voluntaryContextSwitches - before;
}

test("a turn is over after its time, and the pause begins another one", async () => {
  const pace = new Pace(false);
  work(10);
  assert.ok(pace.isOver);
  await pace.pause();
  // A machine that stands still here ends the new turn too.
  const since = performance.now();
  assert.ok(!pace.isOver || performance.now() - since > 5);
});

test("in a pause what is due comes in between", async () => {
  let came = false;
  setImmediate(() => {
    came = true;
  });
  await new Pace(true).pause();
  assert.ok(came);
});

test("gentle work gives up the core between its pieces, fast work does not", () => {
  const gentle = sleeps(new Pace(true));
  const fast = sleeps(new Pace(false));
  assert.ok(gentle > 200 && gentle > 10 * fast, `${gentle} sleeps against ${fast}`);
});

test("a step comes before each item", () => {
  const seen: string[] = [];
  const pace = new Pace(false);
  pace.step = () => void seen.push("step");
  for (const item of stepwise(["a", "b"], pace)) seen.push(item);
  assert.deepEqual(seen, ["step", "a", "step", "b"]);
});
