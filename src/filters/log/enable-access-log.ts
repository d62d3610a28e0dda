// enableAccessLog: writes an access log line, for all or for some status codes (spec filters 10).

import { int } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const enableAccessLog = defineFilter({
  name: "enableAccessLog",
  summary:
    "Logs the request, also when the access log is off; with arguments only when the status code matches one of them.",
  details: "4 stands for 400 to 499, 40 for 400 to 409, 404 for itself. The last access log filter of a request wins.",
  args: [rest("status", int)],
  examples: [{ route: "* -> enableAccessLog(4, 5) -> status(204) -> <shunt>", expect: { status: 204 } }],
  create([prefixes]) {
    const decision = { enable: true, prefixes };
    return {
      request(ctx) {
        ctx.accessLog = decision;
      },
    };
  },
});
