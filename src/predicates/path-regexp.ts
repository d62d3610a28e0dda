// `PathRegexp` (spec predicates 3).

import { regexp } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const pathRegexp = definePredicate({
  name: "PathRegexp",
  summary: "Searches a regular expression in the path.",
  details: "The path is decoded and cleaned and keeps its trailing slash; the query is not part of it.",
  args: [one("pattern", regexp)],
  examples: ['thumb: Path("/img/:name") && PathRegexp("[.](png|webp)$") -> "http://backend.test";'],
  create:
    ([pattern]) =>
    (request) =>
      pattern.test(request.matchPath),
});
