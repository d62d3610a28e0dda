// normalRequestLatency: a random wait in the request phase (spec filters 8).

import { durationOrMs } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { delayFilter } from "./delay-filter.ts";
import { normal } from "./distributions.ts";

export const normalRequestLatency = defineFilter({
  name: "normalRequestLatency",
  summary: "Delays the request by a random time, normally distributed around the mean.",
  details: "Times below zero do not wait.",
  args: [one("mean", durationOrMs), one("sigma", durationOrMs)],
  examples: [{ route: '* -> normalRequestLatency("20ms", "5ms") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([mean, sigma], env) => delayFilter("request", () => normal(mean, sigma, env.random)),
});
