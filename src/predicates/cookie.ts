// `Cookie` (spec predicates 6).

import { cookieValue } from "../http/cookies.ts";
import { bytes, regexp } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const cookie = definePredicate({
  name: "Cookie",
  summary: "Searches a regular expression in the value of a cookie.",
  details: "The first valid cookie of that name decides; surrounding quotes are not part of the value.",
  args: [one("name", bytes), one("pattern", regexp)],
  examples: ['beta: Cookie("flags", "^on$") -> "http://backend.test";'],
  create:
    ([name, pattern]) =>
    (request) => {
      const value = cookieValue(request.headers, name);
      return value !== undefined && pattern.test(value);
    },
});
