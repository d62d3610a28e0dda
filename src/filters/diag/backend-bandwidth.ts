// backendBandwidth: limits the speed of the request body (spec filters 8).

import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { positiveNumber } from "./positive-number.ts";
import { bandwidthThrottle, requestThrottle } from "./throttle-filter.ts";

export const backendBandwidth = defineFilter({
  name: "backendBandwidth",
  summary: "Limits the speed of the request body to a number of kilobytes per second.",
  details: "More than 500 has no effect.",
  args: [one("kbps", positiveNumber)],
  examples: [{ route: '* -> backendBandwidth(30) -> "http://backend.test"', expect: { status: 200 } }],
  create: ([kbps]) => requestThrottle(bandwidthThrottle(kbps)),
});
