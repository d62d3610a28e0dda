// backendLatency: waits in the request phase (spec filters 8).

import { durationOrMs } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { delayFilter } from "./delay-filter.ts";

export const backendLatency = defineFilter({
  name: "backendLatency",
  summary: "Delays the request to the backend.",
  args: [one("delay", durationOrMs)],
  examples: [{ route: '* -> backendLatency("20ms") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([delayMs]) => delayFilter("request", () => delayMs),
});
