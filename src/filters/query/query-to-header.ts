// queryToHeader: a request header from a query parameter (spec filters 6.3).

import { bytes } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { firstQueryValue } from "../../util/query.ts";
import { parseFormat } from "./value-format.ts";

export const queryToHeader = defineFilter({
  name: "queryToHeader",
  summary: "Sets a request header, when it is absent or empty, to the first value of a query parameter.",
  details: "The format is a text with one %s for the value (also %v, %q quoted, %x hexadecimal, %% a percent sign).",
  args: [one("parameter", bytes), one("header", bytes), optional("format", bytes)],
  examples: [
    {
      route: '* -> queryToHeader("access_token", "Authorization", "Bearer %s") -> "http://backend.test"',
      send: { path: "/a?access_token=abc" },
      expect: { backend: { headers: { authorization: "Bearer abc" } } },
    },
  ],
  create([parameter, header, format]) {
    const apply = parseFormat(format ?? "%s");
    return {
      request(ctx) {
        const headers = ctx.request.headers;
        if (headers.get(header)) return;
        const value = firstQueryValue(ctx.request.rawQuery, parameter);
        if (value) headers.set(header, apply(value));
      },
    };
  },
});
