// chunks: pauses while the response body is sent (spec filters 8).

import { durationOrMs, number } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { chunkThrottle, responseThrottle } from "./throttle-filter.ts";

export const chunks = defineFilter({
  name: "chunks",
  summary: "Pauses after each so many bytes of the response body, and once before its first byte.",
  args: [one("sizeBytes", number), one("pause", durationOrMs)],
  examples: [{ route: '* -> chunks(4, "10ms") -> "http://backend.test"', expect: { status: 200 } }],
  check: ([sizeBytes]) => (sizeBytes > 0 ? "" : `the size must be above 0, got ${sizeBytes}`),
  create: ([sizeBytes, pauseMs]) => responseThrottle(chunkThrottle(sizeBytes, pauseMs)),
});
