// `PathSubtree` (spec matching 4). The routing tree finds the route by its path, so there is nothing left to test.

import { string } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const pathSubtree = definePredicate({
  name: "PathSubtree",
  summary: "Matches a path and everything below it.",
  details: "Wildcards are those of Path. The part below is the parameter `*`, or the one that the free wildcard names.",
  args: [one("path", string)],
  examples: ['files: PathSubtree("/dl/*file") -> "http://backend.test";'],
  weight: () => 0,
  create: () => () => true,
});
