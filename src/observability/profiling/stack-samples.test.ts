import assert from "node:assert/strict";
import { test } from "node:test";
import { cpuSamples, heapSamples } from "./stack-samples.ts";

function callFrame(functionName: string, url = "", lineNumber = -1) {
  return { functionName, url, lineNumber, columnNumber: 0, scriptId: "1" };
}

/** `main` calls `read`, both in a file. */
function cpuProfile(timeDeltas?: number[]) {
  return {
    nodes: [
      { id: 1, callFrame: callFrame("(root)"), hitCount: 1, children: [2, 3, 4] },
      { id: 2, callFrame: callFrame("(idle)"), hitCount: 5 },
      { id: 3, callFrame: callFrame("(garbage collector)"), hitCount: 1 },
      { id: 4, callFrame: callFrame("main", "file:///a%20b/main.ts", 4), hitCount: 2, children: [5] },
      { id: 5, callFrame: callFrame("", "node:net", 9), hitCount: 3 },
    ],
    startTime: 0,
    endTime: 1,
    ...(timeDeltas === undefined ? {} : { timeDeltas }),
  };
}

test("CPU: a stack for each function that was met, without waiting, and as much time as samples lay apart", () => {
  const main = { name: "main", file: "/a b/main.ts", line: 5 };
  // The first one lies before the first sample, and is long when there was much to prepare.
  assert.deepEqual(cpuSamples("worker-1", cpuProfile([90_000, 1000, 2000, 1500])), [
    {
      thread: "worker-1",
      frames: [{ name: "(garbage collector)", file: "", line: 0 }],
      values: [1, 1_500_000],
    },
    { thread: "worker-1", frames: [main], values: [2, 3_000_000] },
    {
      thread: "worker-1",
      frames: [{ name: "(anonymous)", file: "node:net", line: 10 }, main],
      values: [3, 4_500_000],
    },
  ]);
});

test("CPU: a profile of one sample or none has no time between samples", () => {
  for (const deltas of [undefined, [], [90_000]]) {
    assert.deepEqual(
      cpuSamples("main", cpuProfile(deltas)).map(({ values }) => values[1]),
      [0, 0, 0],
    );
  }
});

test("heap: bytes of each place that allocates", () => {
  const profile = {
    samples: [],
    head: {
      id: 1,
      callFrame: callFrame("(root)"),
      selfSize: 0,
      children: [
        {
          id: 2,
          callFrame: callFrame("main", "file:///main.ts", 0),
          selfSize: 0,
          children: [{ id: 3, callFrame: callFrame("fill", "file:///fill.ts", 1), selfSize: 524_288, children: [] }],
        },
        { id: 4, callFrame: callFrame("(V8 API)"), selfSize: 16, children: [] },
      ],
    },
  };
  assert.deepEqual(heapSamples("main", profile), [
    {
      thread: "main",
      frames: [
        { name: "fill", file: "/fill.ts", line: 2 },
        { name: "main", file: "/main.ts", line: 1 },
      ],
      values: [524_288],
    },
    { thread: "main", frames: [{ name: "(V8 API)", file: "", line: 0 }], values: [16] },
  ]);
});
