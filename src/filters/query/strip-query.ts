// stripQuery: removes the query, and may keep its parameters as headers (spec filters 6.3).

import { any } from "../../spec/arg-kinds.ts";
import { rest } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { fromByteString } from "../../util/bytes.ts";
import { parseQuery } from "../../util/query.ts";

export const stripQuery = defineFilter({
  name: "stripQuery",
  summary: "Removes the whole query.",
  details:
    'With the single argument "true" (in any case) each value is first added as a request header X-Query-Param-NAME, NAME being the parameter name without characters that cannot stand in a header name; other letters become their "uXXXX".',
  args: [rest("keep", any)],
  examples: [
    {
      route: '* -> stripQuery("true") -> "http://backend.test"',
      send: { path: "/a?foo=bar" },
      expect: { backend: { target: "/a", headers: { "x-query-param-foo": "bar" } } },
    },
  ],
  check: ([values]) => (values.length === 1 && typeof values[0] !== "string" ? "the argument must be a string" : ""),
  create([values]) {
    const keep = values.length === 1 && String(values[0]).toLowerCase() === "true";
    return {
      request(ctx) {
        const request = ctx.request;
        if (keep) {
          for (const [name, value] of parseQuery(request.rawQuery)) {
            request.headers.append(`X-Query-Param-${headerSuffix(name)}`, value);
          }
        }
        request.rawQuery = "";
      },
    };
  },
});

/** The part of a parameter name that can stand in a header name. */
function headerSuffix(name: string): string {
  let out = "";
  for (const letter of fromByteString(name)) {
    const code = letter.codePointAt(0)!;
    if (code > 0x7f) out += `u${code.toString(16).padStart(4, "0")}`;
    else if (isHeaderLetter(code)) out += letter;
  }
  return out;
}

function isHeaderLetter(c: number): boolean {
  return (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57) || c === 45;
}
