// The histogram against a sorted list of the same values.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { Histogram } from "./histogram.ts";

test("a quantile lies at most 1/32 above the exact one, and never below", () => {
  fc.assert(
    fc.property(
      fc.array(fc.nat(50_000_000), { minLength: 1 }),
      fc.double({ min: 0, max: 1, noNaN: true }),
      (values, share) => {
        const histogram = new Histogram();
        for (const value of values) histogram.add(value);
        const sorted = values.toSorted((a, b) => a - b);
        const exact = sorted[Math.max(0, Math.ceil(values.length * share) - 1)]!;
        const got = histogram.quantile(share);
        assert.ok(got >= exact && got <= exact * (1 + 1 / 32) + 1, `${got} for ${exact}`);
      },
    ),
  );
});

test("an empty histogram has no latency", () => {
  assert.equal(new Histogram().quantile(0.99), 0);
});
