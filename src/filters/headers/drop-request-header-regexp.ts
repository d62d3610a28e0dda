// dropRequestHeaderRegexp: removes the values of a request header that match (spec filters 6.1).

import { headerName, regexp } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { dropMatchingValues } from "./drop-matching-values.ts";

export const dropRequestHeaderRegexp = defineFilter({
  name: "dropRequestHeaderRegexp",
  summary: "Removes the values of a request header in which the pattern matches.",
  details: "Nothing happens when the first value is empty. The header goes when no value is left.",
  args: [one("name", headerName), one("pattern", regexp)],
  examples: [
    {
      route: '* -> dropRequestHeaderRegexp("X-A", "^v[0-9]") -> "http://backend.test"',
      send: { headers: { "X-A": "u1" } },
      expect: { backend: { headers: { "x-a": "u1" } } },
    },
  ],
  create: ([name, pattern]) => ({
    request(ctx) {
      dropMatchingValues(ctx.request.headers, name, pattern);
    },
  }),
});
