// chunks: pauses while the response body is sent (spec filters 8).

import { durationOrMs } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { positiveNumber } from "./positive-number.ts";
import { chunkThrottle, responseThrottle } from "./throttle-filter.ts";

export const chunks = defineFilter({
  name: "chunks",
  summary: "Pauses after each so many bytes of the response body, and once before its first byte.",
  args: [one("sizeBytes", positiveNumber), one("pause", durationOrMs)],
  examples: [{ route: '* -> chunks(4, "10ms") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([sizeBytes, pauseMs]) => responseThrottle(chunkThrottle(sizeBytes, pauseMs)),
});
