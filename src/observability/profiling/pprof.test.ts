import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readPprof } from "../../../test/support/pprof-reader.ts";
import { encodePprof, type PprofProfile } from "./pprof.ts";
import type { Frame, StackSample } from "./stack-samples.ts";

const cpu = { type: "cpu", unit: "nanoseconds" };

function profileOf(samples: readonly StackSample[], more: Partial<PprofProfile> = {}): PprofProfile {
  return {
    valueTypes: [{ type: "samples", unit: "count" }, cpu],
    samples,
    periodType: cpu,
    period: 1_000_000,
    startMs: 1_795_824_000_000,
    durationMs: 30_000.25,
    comments: [],
    ...more,
  };
}

test("types, times and comments arrive; tools show the last type first", () => {
  const read = readPprof(encodePprof(profileOf([], { comments: ["missing: worker-2 ended", "ü"] })));
  assert.deepEqual(read.types, ["samples/count", "cpu/nanoseconds"]);
  assert.equal(read.defaultType, "cpu");
  assert.equal(read.periodType, "cpu/nanoseconds");
  assert.equal(read.period, 1_000_000);
  assert.equal(read.timeNs, 1_795_824_000_000e6);
  assert.equal(read.durationNs, 30_000_250_000);
  assert.deepEqual(read.comments, ["missing: worker-2 ended", "ü"]);
  assert.deepEqual(read.samples, []);
});

test("a function that several threads run is written once", () => {
  const run: Frame = { name: "run", file: "/src/a.ts", line: 7 };
  const other: Frame = { name: "run", file: "/src/a.ts", line: 9 };
  const read = readPprof(
    encodePprof(
      profileOf([
        { thread: "main", frames: [run, other], values: [1, 2] },
        { thread: "worker-1", frames: [{ ...run }], values: [3, 4] },
      ]),
    ),
  );
  assert.equal(read.functions, 2);
  assert.equal(read.locations, 2);
  assert.deepEqual(read.samples, [
    { stack: ["run /src/a.ts:7", "run /src/a.ts:9"], values: [1, 2], labels: { thread: "main" } },
    { stack: ["run /src/a.ts:7"], values: [3, 4], labels: { thread: "worker-1" } },
  ]);
});

test("any samples are read as they were written", () => {
  const frame = fc.record({ name: fc.string({ unit: "grapheme" }), file: fc.string(), line: fc.nat() });
  const sample = fc.record({
    thread: fc.string(),
    frames: fc.array(frame, { maxLength: 200 }),
    values: fc.tuple(fc.maxSafeNat(), fc.maxSafeNat()),
  });
  fc.assert(
    fc.property(fc.array(sample), (samples) => {
      const read = readPprof(encodePprof(profileOf(samples)));
      assert.deepEqual(
        read.samples,
        samples.map(({ thread, frames, values }) => ({
          stack: frames.map(({ name, file, line }) => `${name} ${file}:${line}`),
          values,
          labels: { thread },
        })),
      );
    }),
    { numRuns: 50 },
  );
});
