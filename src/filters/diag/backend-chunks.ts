// backendChunks: pauses while the request body is sent (spec filters 8).

import { durationOrMs } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { positiveNumber } from "./positive-number.ts";
import { chunkThrottle, requestThrottle } from "./throttle-filter.ts";

export const backendChunks = defineFilter({
  name: "backendChunks",
  summary: "Pauses after each so many bytes of the request body, and once before its first byte.",
  args: [one("sizeBytes", positiveNumber), one("pause", durationOrMs)],
  examples: [{ route: '* -> backendChunks(4, "10ms") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([sizeBytes, pauseMs]) => requestThrottle(chunkThrottle(sizeBytes, pauseMs)),
});
