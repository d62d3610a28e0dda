// `HeaderRegexp` (spec predicates 6).

import { headerName, regexp } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const headerRegexp = definePredicate({
  name: "HeaderRegexp",
  summary: "Matches when a regular expression is found in a line of a header.",
  details: "Any line of that name will do. A header that is absent never matches.",
  args: [one("name", headerName), one("pattern", regexp)],
  examples: ['mobile: HeaderRegexp("User-Agent", "(?i)mobile") -> "http://backend.test";'],
  create:
    ([name, pattern]) =>
    (request) => {
      const first = request.headers.get(name);
      if (first === undefined) return false;
      return pattern.test(first) || request.headers.getAll(name).some((value) => pattern.test(value));
    },
});
