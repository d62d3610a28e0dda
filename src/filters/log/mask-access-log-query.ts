// maskAccessLogQuery: hides values of query parameters in the access log (spec filters 10).

import { nonEmptyBytes } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

const decision = { enable: true, prefixes: [] };

export const maskAccessLogQuery = defineFilter({
  name: "maskAccessLogQuery",
  summary: "Logs the request with hashes in place of the values of some query parameters.",
  details: "The first value of each non-empty parameter is replaced by its xxHash64. Several of these filters add up.",
  args: [rest("parameter", nonEmptyBytes, 1)],
  examples: [{ route: '* -> maskAccessLogQuery("token") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create: ([names]) => ({
    request(ctx) {
      ctx.accessLog = decision;
      ctx.accessLogMaskedQuery ??= new Set();
      for (const name of names) ctx.accessLogMaskedQuery.add(name);
    },
  }),
});
