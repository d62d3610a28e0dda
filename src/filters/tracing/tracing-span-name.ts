// tracingSpanName: the name of the span of the backend call (spec filters 11).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const tracingSpanName = defineFilter({
  name: "tracingSpanName",
  summary: "Names the span of the backend call.",
  details: "The last one of a request counts. Without tracing nothing happens.",
  args: [one("name", bytes)],
  examples: [{ route: '* -> tracingSpanName("catalog") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create: ([name]) => ({
    request(ctx) {
      ctx.backendSpanName = name;
    },
  }),
});
