// status: sets the status code of the response (spec filters 7).

import { int } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const status = defineFilter({
  name: "status",
  summary: "Sets the status code of the response.",
  details: "Headers and body stay.",
  args: [one("code", int)],
  examples: [{ route: "* -> status(418) -> <shunt>", expect: { status: 418 } }],
  create: ([code]) => ({
    response(ctx) {
      ctx.response.status = code;
    },
  }),
});
