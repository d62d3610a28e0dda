// uniformResponseLatency: a random wait in the response phase (spec filters 8).

import { durationOrMs } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { delayFilter } from "./delay-filter.ts";
import { uniform } from "./distributions.ts";

export const uniformResponseLatency = defineFilter({
  name: "uniformResponseLatency",
  summary: "Delays the response by a random time, evenly distributed around the mean.",
  details: "Times below zero do not wait.",
  args: [one("mean", durationOrMs), one("delta", durationOrMs)],
  examples: [{ route: '* -> uniformResponseLatency("20ms", "5ms") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([mean, delta], env) => delayFilter("response", () => uniform(mean, delta, env.random)),
});
