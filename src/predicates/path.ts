// `Path` (spec matching 4). The routing tree finds the route by its path, so there is nothing left to test.

import { string } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const path = definePredicate({
  name: "Path",
  summary: "Matches the path of the request segment by segment.",
  details:
    "`:name` stands for one segment and `*name` at the end for the rest of the path. An empty argument matches every path.",
  args: [one("path", string)],
  examples: ['item: Path("/shop/:dept/:sku") -> "http://backend.test";'],
  weight: () => 0,
  create: () => () => true,
});
