// uniformRequestLatency: a random wait in the request phase (spec filters 8).

import { durationOrMs } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { delayFilter } from "./delay-filter.ts";
import { uniform } from "./distributions.ts";

export const uniformRequestLatency = defineFilter({
  name: "uniformRequestLatency",
  summary: "Delays the request by a random time, evenly distributed around the mean.",
  details: "Times below zero do not wait.",
  args: [one("mean", durationOrMs), one("delta", durationOrMs)],
  examples: [{ route: '* -> uniformRequestLatency("20ms", "5ms") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([mean, delta], env) => delayFilter("request", () => uniform(mean, delta, env.random)),
});
