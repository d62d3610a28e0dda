// latency: waits in the response phase (spec filters 8).

import { durationOrMs } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { delayFilter } from "./delay-filter.ts";

export const latency = defineFilter({
  name: "latency",
  summary: "Delays the response to the client.",
  args: [one("delay", durationOrMs)],
  examples: [{ route: '* -> latency("20ms") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([delayMs]) => delayFilter("response", () => delayMs),
});
