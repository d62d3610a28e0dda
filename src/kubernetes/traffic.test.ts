import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { printCall } from "../eskip/printer.ts";
import { type TrafficShare, trafficShares } from "./traffic.ts";

const backends = (weights: readonly number[], names = "abcdefgh") =>
  weights.map((weight, i) => ({ name: names[i]!, weight }));

const text = ({ predicates, isNone }: TrafficShare): string =>
  (isNone ? "none " : "") + (predicates.map(printCall).join(" && ") || "all");

describe("parts of the rest", () => {
  const cases: readonly (readonly [string, readonly number[], readonly string[]])[] = [
    ["one backend", [0], ["all"]],
    ["no weights", [0, 0], ["Traffic(0.5)", "all"]],
    [
      "four weights",
      [1, 2, 3, 4],
      [
        "Traffic(0.1) && True() && True()",
        "Traffic(0.2222222222222222) && True()",
        "Traffic(0.42857142857142855)",
        "all",
      ],
    ],
    ["the last with a weight takes the rest", [1, 1, 0], ["Traffic(0.5) && True()", "all", "none Traffic(0)"]],
    ["nothing for the first", [0, 3], ["none Traffic(0)", "all"]],
    ["a weight below 0 is nothing", [-1, 3], ["none Traffic(-0.5)", "all"]],
  ];
  for (const [name, weights, expected] of cases) {
    test(name, () => {
      assert.deepEqual(trafficShares("traffic-predicate", backends(weights)).map(text), expected);
    });
  }

  test("a name that stands twice has the share of its last place", () => {
    const shares = trafficShares("traffic-predicate", backends([1, 2, 1], "aba"));
    assert.deepEqual(shares.map(text), ["all", "Traffic(0.6666666666666666)", "all"]);
  });
});

describe("segments", () => {
  const cases: readonly (readonly [string, readonly number[], readonly string[]])[] = [
    ["one backend", [0], ["all"]],
    ["no weights", [0, 0], ["TrafficSegment(0, 0.5)", "TrafficSegment(0.5, 1)"]],
    [
      "nothing for one",
      [1, 0, 3],
      ["TrafficSegment(0, 0.25)", "none TrafficSegment(0.25, 0.25)", "TrafficSegment(0.25, 1)"],
    ],
    ["all for one", [0, 2], ["none TrafficSegment(0, 0)", "all"]],
  ];
  for (const [name, weights, expected] of cases) {
    test(name, () => {
      assert.deepEqual(trafficShares("traffic-segment-predicate", backends(weights)).map(text), expected);
    });
  }

  test("a name that stands twice has the segment of its first place, and counts once", () => {
    const shares = trafficShares("traffic-segment-predicate", backends([1, 1, 1], "aba"));
    assert.deepEqual(shares.map(text), ["TrafficSegment(0, 0.5)", "TrafficSegment(0.5, 1)", "TrafficSegment(0, 0.5)"]);
  });

  test("cover everything without gaps, whatever the weights", () => {
    fc.assert(
      fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 2, maxLength: 8 }), (weights) => {
        let before = 0;
        for (const { predicates } of trafficShares("traffic-segment-predicate", backends(weights))) {
          const [min, max] = (predicates[0]?.args ?? [0, 1]) as [number, number];
          assert.equal(min, before);
          before = max;
        }
        assert.equal(before, 1);
      }),
    );
  });
});

test("both ways give each backend the part of the traffic that its weight says", () => {
  fc.assert(
    fc.property(fc.array(fc.integer({ min: 0, max: 1000 }), { minLength: 1, maxLength: 8 }), (weights) => {
      const total = weights.reduce((sum, weight) => sum + weight, 0);
      let rest = 1;
      for (const [i, { predicates }] of trafficShares("traffic-predicate", backends(weights)).entries()) {
        const value = (predicates[0]?.args[0] ?? 1) as number;
        const wanted = total === 0 ? 1 / weights.length : weights[i]! / total;
        assert.ok(Math.abs(value * rest - wanted) < 1e-12, `${weights} at ${i}`);
        rest *= 1 - value;
      }
    }),
  );
});
