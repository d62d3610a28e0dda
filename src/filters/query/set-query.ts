// setQuery: sets one query parameter, or the whole query (spec filters 6.3).

import { setQueryValue } from "../../http/query.ts";
import { template } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setQuery = defineFilter({
  name: "setQuery",
  summary: "Sets a query parameter to one value; with a single argument replaces the whole query.",
  details:
    "Setting a parameter encodes the query anew, sorted by name; a whole query is sent as it is. Unresolved placeholders are empty.",
  args: [one("name", template), optional("value", template)],
  examples: [
    {
      route: 'Path("/users/:id") -> setQuery("id", "${id}") -> "http://backend.test"',
      send: { path: "/users/7?z=1" },
      expect: { backend: { target: "/users/7?id=7&z=1" } },
    },
    {
      route: '* -> setQuery("a=1&b=2") -> "http://backend.test"',
      send: { path: "/?z=1" },
      expect: { backend: { target: "/?a=1&b=2" } },
    },
  ],
  create([name, value]) {
    if (value === undefined) {
      return {
        request(ctx) {
          ctx.request.rawQuery = name.applyLoose(ctx);
        },
      };
    }
    return {
      request(ctx) {
        ctx.request.rawQuery = setQueryValue(ctx.request.rawQuery, name.applyLoose(ctx), value.applyLoose(ctx));
      },
    };
  },
});
