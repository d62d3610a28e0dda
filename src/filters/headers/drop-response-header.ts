// dropResponseHeader: removes a response header (spec filters 6.1).

import { headerName } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const dropResponseHeader = defineFilter({
  name: "dropResponseHeader",
  summary: "Removes all values of a response header.",
  args: [one("name", headerName)],
  examples: [
    {
      route: '* -> dropResponseHeader("X-A") -> setResponseHeader("X-A", "1") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: {} },
    },
  ],
  create: ([name]) => ({
    response(ctx) {
      ctx.response.headers.delete(name);
    },
  }),
});
