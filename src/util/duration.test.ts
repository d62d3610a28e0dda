import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { DurationError, formatDuration, parseDuration } from "./duration.ts";

test("parses durations", () => {
  const cases: [text: string, ms: number][] = [
    ["0", 0],
    ["-0", 0],
    ["+5s", 5000],
    ["1h2m3.5s", 3_723_500],
    ["-1.5s", -1500],
    [".5m", 30_000],
    ["1.s", 1000],
    ["250ms", 250],
    ["1us", 0.001],
    ["1\u00b5s", 0.001],
    ["1\u03bcs", 0.001],
    ["1500000ns", 1.5],
    ["1s1s", 2000],
  ];
  for (const [text, ms] of cases) assert.equal(parseDuration(text), ms, text);
});

test("refuses what is no duration", () => {
  for (const text of [
    "",
    "1",
    "-",
    "+",
    "s",
    "1d",
    "1 s",
    " 1s",
    ".s",
    "1..5s",
    "1S",
    "--1s",
    "1e3s",
    "300y",
    "9999999h",
    "1sec",
  ]) {
    assert.ok(parseDuration(text) instanceof DurationError, text);
  }
  const unknown = parseDuration("1d");
  assert.ok(unknown instanceof DurationError);
  assert.equal(unknown.message, 'unknown unit "d" in duration "1d"');
});

test("formats durations", () => {
  const cases: [ms: number, text: string][] = [
    [0, "0s"],
    [90_000, "1m30s"],
    [1500, "1.5s"],
    [20, "20ms"],
    [3_600_000, "1h0m0s"],
    [0.001, "1\u00b5s"],
    [0.000001, "1ns"],
    [1.5, "1.5ms"],
    [-1500, "-1.5s"],
    [60_000, "1m0s"],
    [3_600_050, "1h0m0.05s"],
  ];
  for (const [ms, text] of cases) assert.equal(formatDuration(ms), text);
});

test("what is formatted parses back", () => {
  fc.assert(
    fc.property(fc.integer({ min: -1e12, max: 1e12 }), (micros) => {
      const parsed = parseDuration(formatDuration(micros / 1000));
      assert.ok(typeof parsed === "number" && Math.abs(parsed - micros / 1000) < 1e-6);
    }),
  );
});
