// Turns of work: when one is over, and what comes in between.

import assert from "node:assert/strict";
import { test } from "node:test";
import { FAST, GENTLE, Pace } from "./pace.ts";

function work(ms: number): void {
  for (const end = performance.now() + ms; performance.now() < end; );
}

for (const [name, timing] of [
  ["gentle", GENTLE],
  ["fast", FAST],
] as const) {
  test(`a ${name} turn is over after its time, and the pause begins another one`, async () => {
    const pace = new Pace(timing);
    work(timing.turnMs);
    assert.ok(pace.isOver);
    const next = new Pace({ ...timing, turnMs: 60_000 });
    assert.ok(!next.isOver);
    await next.pause();
    assert.ok(!next.isOver);
  });

  test(`in a ${name} pause what is due comes in between`, async () => {
    let came = false;
    setImmediate(() => {
      came = true;
    });
    await new Pace(timing).pause();
    assert.ok(came);
  });
}

test("the thread sleeps in a gentle pause and only there", async () => {
  const began = performance.now();
  await new Pace({ turnMs: 0, pauseMs: 20 }).pause();
  assert.ok(performance.now() - began > 15);
  assert.deepEqual([new Pace(GENTLE).isGentle, new Pace(FAST).isGentle], [true, false]);
});
