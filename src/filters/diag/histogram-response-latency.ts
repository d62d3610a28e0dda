// histogramResponseLatency: a random wait in the response phase, by a histogram (spec filters 8).

import { any } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { delayFilter } from "./delay-filter.ts";
import { fromHistogram } from "./distributions.ts";
import { checkedHistogram, histogramProblem } from "./histogram-args.ts";

export const histogramResponseLatency = defineFilter({
  name: "histogramResponseLatency",
  summary: "Delays the response by a random time from a histogram.",
  details: "Arguments are durations in increasing order with a weight between each two of them.",
  args: [rest("boundary", any, 3)],
  examples: [
    {
      route: '* -> histogramResponseLatency("0s", 3, "10ms", 1, "20ms") -> "http://backend.test"',
      expect: { status: 200 },
    },
  ],
  check: ([values]) => histogramProblem(values),
  create([values], env) {
    const histogram = checkedHistogram(values);
    return delayFilter("response", () => fromHistogram(histogram, env.random));
  },
});
