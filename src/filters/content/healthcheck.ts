// healthcheck: answers of this route are always 200 (spec filters 7).

import { defineFilter } from "../../spec/filter.ts";

export const healthcheck = defineFilter({
  name: "healthcheck",
  summary: "Sets the status code of the response to 200.",
  args: [],
  anyArgs: true,
  examples: [{ route: "* -> healthcheck() -> <shunt>", expect: { status: 200 } }],
  create: () => ({
    response(ctx) {
      ctx.response.status = 200;
    },
  }),
});
