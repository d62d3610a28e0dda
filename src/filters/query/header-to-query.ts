// headerToQuery: a query parameter from a request header (spec filters 6.3).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { setQueryValue } from "../../util/query.ts";

export const headerToQuery = defineFilter({
  name: "headerToQuery",
  summary: "Sets a query parameter to the first value of a request header, or to the empty text when there is none.",
  details: "The query is encoded anew, sorted by name.",
  args: [one("header", bytes), one("parameter", bytes)],
  examples: [
    {
      route: '* -> headerToQuery("X-Foo", "foo") -> "http://backend.test"',
      send: { path: "/a?b=1", headers: { "X-Foo": "a b" } },
      expect: { backend: { target: "/a?b=1&foo=a+b" } },
    },
  ],
  create: ([header, parameter]) => ({
    request(ctx) {
      const request = ctx.request;
      request.rawQuery = setQueryValue(request.rawQuery, parameter, request.headers.get(header) ?? "");
    },
  }),
});
