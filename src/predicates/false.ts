// `False` (spec predicates 12).

import { definePredicate } from "../spec/predicate.ts";

export const alwaysFalse = definePredicate({
  name: "False",
  summary: "Never matches.",
  details: "Arguments are ignored. Useful for its weight, or to switch a route off.",
  args: [],
  anyArgs: true,
  examples: ['r: False() -> "http://backend.test";'],
  create: () => () => false,
});
