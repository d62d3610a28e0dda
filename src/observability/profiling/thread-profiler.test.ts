import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuSamples, heapSamples, type StackSample } from "./stack-samples.ts";
import { ThreadProfiler } from "./thread-profiler.ts";

const CPU = { do: "start", profile: "cpu", intervalUs: 500 } as const;
const kept: object[][] = [];

/** Milliseconds that it took: 200, or more where the machine has other work. */
function burnCpu(): number {
  const begun = performance.now();
  let sum = 0;
  while (performance.now() < begun + 200) sum += Math.sqrt(sum + 1);
  return performance.now() - begun + Math.min(sum, 0);
}

function fillHeap(keep: boolean): void {
  for (let i = 0; i < 200; i++) {
    const objects = Array.from({ length: 1000 }, (_, at) => ({ at }));
    if (keep) kept.push(objects);
  }
}

function valueOf(samples: readonly StackSample[], name: string): number {
  const found = samples.filter(({ frames }) => frames.some((frame) => frame.name === name));
  return found.reduce((sum, { values }) => sum + values.at(-1)!, 0);
}

test("the CPU profile has what ran, with about the time that it took", async () => {
  const profiler = new ThreadProfiler();
  assert.deepEqual(await profiler.obey(CPU), { type: "done" });
  const tookMs = burnCpu();
  const answer = await profiler.obey({ do: "stop" });
  assert.ok(answer.type === "cpu");
  const ms = valueOf(cpuSamples("main", answer.profile), "burnCpu") / 1e6;
  assert.ok(ms > tookMs / 2 && ms < tookMs * 2, `${ms} of ${tookMs} ms`);
});

test("heap has what is alive, allocs also what is gone", async () => {
  const profiler = new ThreadProfiler();
  for (const [profile, keep, least, most] of [
    ["heap", true, 2e6, 40e6],
    ["heap", false, 0, 2e6],
    ["allocs", false, 2e6, 40e6],
  ] as const) {
    assert.deepEqual(await profiler.obey({ do: "start", profile, intervalBytes: 4096 }), { type: "done" });
    fillHeap(keep);
    const answer = await profiler.obey({ do: "stop" });
    assert.ok(answer.type === "heap");
    const bytes = valueOf(heapSamples("main", answer.profile), "fillHeap");
    assert.ok(bytes >= least && bytes < most, `${profile}, kept ${keep}: ${bytes} bytes`);
  }
});

test("a new start drops what was running, a cancelled profile cannot be stopped, and the next one works", async () => {
  const profiler = new ThreadProfiler();
  // None waits for the one before: they are carried out in this order.
  const answers = await Promise.all([
    profiler.obey({ do: "start", profile: "heap", intervalBytes: 4096 }),
    profiler.obey(CPU),
    profiler.obey({ do: "cancel" }),
    profiler.obey({ do: "stop" }),
    profiler.obey(CPU),
    profiler.obey({ do: "stop" }),
    profiler.obey({ do: "stop" }),
  ]);
  assert.deepEqual(
    answers.map(({ type }) => type),
    ["done", "done", "done", "failed", "done", "cpu", "failed"],
  );
});

test("active handles and requests are counted by kind", async () => {
  const profiler = new ThreadProfiler();
  const timers = [setTimeout(() => {}, 60_000), setTimeout(() => {}, 60_000)];
  const answer = await profiler.obey({ do: "resources" });
  for (const timer of timers) clearTimeout(timer);
  assert.ok(answer.type === "resources");
  assert.ok(answer.counts.Timeout! >= 2, JSON.stringify(answer));
});
