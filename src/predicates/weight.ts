// `Weight` (spec matching 7). Counts when the table is built and is never asked.

import { int } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const weight = definePredicate({
  name: "Weight",
  summary: "Adds to the weight of the route: of several that match at one path the heaviest wins.",
  details: "The fraction is cut off; several are added; it may be negative.",
  args: [one("weight", int)],
  examples: ['heavy: Path("/") && Weight(100) -> "http://backend.test";'],
  weight: ([weight]) => weight,
  create: () => () => true,
});
