// readTimeout: limits the time for reading the client's body (spec filters 8).

import { duration } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const readTimeout = defineFilter({
  name: "readTimeout",
  summary: "Limits the time for reading the client's body.",
  details:
    "It counts from the backend call, for requests with a declared body. Exceeded it is a 499. The last one of a request counts.",
  args: [one("timeout", duration)],
  examples: [{ route: '* -> readTimeout("10s") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([timeoutMs]) => ({
    request(ctx) {
      ctx.readTimeoutMs = timeoutMs;
    },
  }),
});
