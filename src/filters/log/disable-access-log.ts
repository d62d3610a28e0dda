// disableAccessLog: writes no access log line, for all or for some status codes (spec filters 10).

import { int } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const disableAccessLog = defineFilter({
  name: "disableAccessLog",
  summary: "Does not log the request; with arguments it is logged unless the status code matches one of them.",
  details: "4 stands for 400 to 499, 40 for 400 to 409, 404 for itself. The last access log filter of a request wins.",
  args: [rest("status", int)],
  examples: [{ route: "* -> disableAccessLog(2, 3) -> status(204) -> <shunt>", expect: { status: 204 } }],
  create([prefixes]) {
    const decision = { enable: false, prefixes };
    return {
      request(ctx) {
        ctx.accessLog = decision;
      },
    };
  },
});
