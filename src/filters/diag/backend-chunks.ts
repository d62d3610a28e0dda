// backendChunks: pauses while the request body is sent (spec filters 8).

import { durationOrMs, number } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { chunkThrottle, requestThrottle } from "./throttle-filter.ts";

export const backendChunks = defineFilter({
  name: "backendChunks",
  summary: "Pauses after each so many bytes of the request body, and once before its first byte.",
  args: [one("sizeBytes", number), one("pause", durationOrMs)],
  examples: [{ route: '* -> backendChunks(4, "10ms") -> "http://backend.test"', expect: { status: 200 } }],
  check: ([sizeBytes]) => (sizeBytes > 0 ? "" : `the size must be above 0, got ${sizeBytes}`),
  create: ([sizeBytes, pauseMs]) => requestThrottle(chunkThrottle(sizeBytes, pauseMs)),
});
