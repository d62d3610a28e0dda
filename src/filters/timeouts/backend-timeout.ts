// backendTimeout: limits the time of the backend call (spec filters 8).

import { duration } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const backendTimeout = defineFilter({
  name: "backendTimeout",
  summary: "Limits the time of the backend call.",
  details:
    "It counts for connecting, the request, the response headers and the body, retries included. Exceeded before the headers it is a 504; later the body is cut. Zero or less is a 504 at once. The last one of a request counts.",
  args: [one("timeout", duration)],
  examples: [{ route: '* -> backendTimeout("10s") -> "http://backend.test"', expect: { status: 200 } }],
  create: ([timeoutMs]) => ({
    request(ctx) {
      ctx.backendTimeoutMs = timeoutMs;
    },
  }),
});
