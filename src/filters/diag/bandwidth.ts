// bandwidth: limits the speed of the response to the client (spec filters 8).

import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { positiveNumber } from "./positive-number.ts";
import { bandwidthThrottle, responseThrottle } from "./throttle-filter.ts";

export const bandwidth = defineFilter({
  name: "bandwidth",
  summary: "Limits the speed of the response to the client to a number of kilobytes per second.",
  details: "More than 500 has no effect.",
  args: [one("kbps", positiveNumber)],
  examples: [{ route: '* -> bandwidth(30) -> "http://backend.test"', expect: { status: 200 } }],
  create: ([kbps]) => responseThrottle(bandwidthThrottle(kbps)),
});
