// writeTimeout: limits the time for writing the response to the client (spec filters 8).

import { duration } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const writeTimeout = defineFilter({
  name: "writeTimeout",
  summary: "Limits the time for writing the response to the client.",
  details:
    "It counts from the end of the filter chain. Exceeded, the connection is closed. The last one of a request counts.",
  args: [one("timeout", duration)],
  examples: [{ route: '* -> writeTimeout("10s") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([timeoutMs]) => ({
    request(ctx) {
      ctx.writeTimeoutMs = timeoutMs;
    },
  }),
});
