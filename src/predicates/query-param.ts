// `QueryParam` (spec predicates 6).

import { bytes, regexp } from "../spec/arg-kinds.ts";
import { one, optional } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { firstQueryValue, someQueryValue } from "../util/query.ts";

export const queryParam = definePredicate({
  name: "QueryParam",
  summary: "Matches when the query has a parameter, or one of its values matches a regular expression.",
  details: "Names and values are decoded before they are compared; the letter case of names counts.",
  args: [one("name", bytes), optional("pattern", regexp)],
  examples: [
    'debug: QueryParam("debug") -> "http://backend.test";',
    'v2: QueryParam("v", "^2") -> "http://backend.test";',
  ],
  create([name, pattern]) {
    if (pattern === undefined) return (request) => firstQueryValue(request.rawQuery, name) !== undefined;
    const test = (value: string) => pattern.test(value);
    return (request) => someQueryValue(request.rawQuery, name, test);
  },
});
