import assert from "node:assert/strict";
import { test } from "node:test";
import { SamplingDecision } from "@opentelemetry/sdk-trace";
import { RateLimitSampler } from "./rate-limit-sampler.ts";

/** How many of `tries` traces, `stepMs` apart, are recorded. */
function recorded(perSecond: number, tries: number, stepMs: number): number {
  let now = 1000;
  const sampler = new RateLimitSampler(perSecond, () => now);
  let count = 0;
  for (let i = 0; i < tries; i++) {
    if (sampler.shouldSample().decision === SamplingDecision.RECORD_AND_SAMPLED) count++;
    now += stepMs;
  }
  return count;
}

test("so many traces a second are recorded, after a second's worth at the start", () => {
  const cases: [perSecond: number, tries: number, stepMs: number, expected: number][] = [
    [5, 100, 0, 5],
    [5, 1001, 10, 5 + 50],
    [0.5, 1001, 10, 1 + 5],
    [100, 50, 100, 50],
  ];
  for (const [perSecond, tries, stepMs, expected] of cases) {
    assert.ok(Math.abs(recorded(perSecond, tries, stepMs) - expected) <= 1, `${perSecond} a second`);
  }
});

test("what a pause leaves over is kept for one second", () => {
  let now = 0;
  const sampler = new RateLimitSampler(3, () => now);
  now = 3_600_000;
  const decisions = Array.from({ length: 10 }, () => sampler.shouldSample().decision);
  assert.equal(decisions.filter((decision) => decision === SamplingDecision.RECORD_AND_SAMPLED).length, 3);
});
