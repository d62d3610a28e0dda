// dropResponseHeaderRegexp: removes the values of a response header that match (spec filters 6.1).

import { headerName, regexp } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { dropMatchingValues } from "./drop-matching-values.ts";

export const dropResponseHeaderRegexp = defineFilter({
  name: "dropResponseHeaderRegexp",
  summary: "Removes the values of a response header in which the pattern matches.",
  details: "Nothing happens when the first value is empty. The header goes when no value is left.",
  args: [one("name", headerName), one("pattern", regexp)],
  examples: [
    {
      route:
        '* -> dropResponseHeaderRegexp("X-A", "^v") -> appendResponseHeader("X-A", "v1") -> appendResponseHeader("X-A", "w") -> inlineContent("x") -> <shunt>',
      send: {},
      expect: { headers: { "x-a": "w" } },
    },
  ],
  create: ([name, pattern]) => ({
    response(ctx) {
      dropMatchingValues(ctx.response.headers, name, pattern);
    },
  }),
});
