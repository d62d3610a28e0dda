// setQuery: sets one query parameter, or the whole query (spec filters 6.3).

import { template } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { escapeUnsendable, setQueryValue } from "../../util/query.ts";

export const setQuery = defineFilter({
  name: "setQuery",
  summary: "Sets a query parameter to one value; with a single argument replaces the whole query.",
  details:
    "Setting a parameter encodes the query anew, sorted by name; of a whole query only bytes are escaped that cannot stand in one, such as blanks and line ends. Unresolved placeholders are empty.",
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
          // A decoded value may hold a line end: it must not end the request line.
          ctx.request.rawQuery = escapeUnsendable(name.applyLoose(ctx));
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
