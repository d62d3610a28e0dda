// Which moments count, on made-up probes; and that the real probe measures work.

import assert from "node:assert/strict";
import { test } from "node:test";
import { MachineSpeed, type Probe, probe } from "./machine-speed.ts";

/** One probe per millisecond; `took` gives the duration, null for no probe. */
function probes(ms: number, took: (at: number) => number | null): Probe[] {
  const all: Probe[] = [];
  for (let at = 0; at < ms; at++) {
    const time = took(at);
    if (time !== null) all.push({ at: 1000 + at, took: time });
  }
  return all;
}

function steady(all: Probe[], ms: number): number[] {
  const speed = new MachineSpeed(all);
  return Array.from({ length: ms / 10 }, (_, i) => i * 10).filter((at) => speed.isSteady(1000 + at));
}

test("every moment but the last is steady while the work takes as long as ever", () => {
  const even = probes(200, (at) => 10 + (at % 3) * 0.3);
  assert.deepEqual(
    steady(even, 200),
    Array.from({ length: 18 }, (_, i) => i * 10),
  );
});

test("a single long probe is a task that came between", () => {
  assert.equal(
    steady(
      probes(200, (at) => (at % 7 === 0 ? 300 : 10)),
      200,
    ).length,
    18,
  );
});

test("a slow machine is left out, with a moment before and a longer one after it", () => {
  const all = probes(400, (at) => (at >= 160 && at < 200 ? 30 : 10));
  const left = steady(all, 400);
  assert.deepEqual(
    Array.from({ length: 38 }, (_, i) => i * 10).filter((at) => !left.includes(at)),
    [140, 150, 160, 170, 180, 190, 200, 210, 220, 230, 240, 250],
  );
});

test("so is a time without probes", () => {
  const all = probes(400, (at) => (at >= 160 && at < 200 ? null : 10));
  assert.equal(steady(all, 400).includes(170), false);
});

test("without probes nothing is steady", () => {
  assert.equal(new MachineSpeed([]).isSteady(0), false);
});

test("the probe takes time", () => {
  const before = performance.now();
  const { at, took } = probe();
  assert.ok(at >= before && took > 0);
});
