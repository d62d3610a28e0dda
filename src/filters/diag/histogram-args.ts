// The arguments of the histogram latency filters: boundaries and weights in turn (spec filters 8).

import type { Arg } from "../../eskip/route.ts";
import { duration } from "../../spec/arg-kinds.ts";
import { Refused } from "../../spec/args.ts";
import type { Histogram } from "./distributions.ts";

/** Reads `"20ms", 1, "30ms", ...`; a text says what is wrong. */
export function parseHistogram(values: readonly Arg[]): Histogram | string {
  if (values.length < 3 || values.length % 2 === 0) return "expected durations with a weight between each two of them";
  const boundariesMs: number[] = [];
  const weights: number[] = [];
  let total = 0;
  for (const [i, value] of values.entries()) {
    if (i % 2 === 0) {
      const ms = duration.parse(value);
      if (ms instanceof Refused) return `argument ${i + 1}: expected a duration`;
      if (ms < 0 || ms <= (boundariesMs.at(-1) ?? -1))
        return `argument ${i + 1}: the durations must increase from 0 or more`;
      boundariesMs.push(ms);
    } else {
      if (typeof value !== "number" || !(value >= 0)) return `argument ${i + 1}: expected a weight of at least 0`;
      weights.push(value);
      total += value;
    }
  }
  return total > 0 ? { boundariesMs, weights } : "the weights must not all be 0";
}

/** The same for arguments that were checked before. */
export function checkedHistogram(values: readonly Arg[]): Histogram {
  const histogram = parseHistogram(values);
  if (typeof histogram === "string") throw new Error(histogram);
  return histogram;
}

/** What is wrong with the arguments, or "". */
export function histogramProblem(values: readonly Arg[]): string {
  const histogram = parseHistogram(values);
  return typeof histogram === "string" ? histogram : "";
}
