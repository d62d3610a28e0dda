// `True` (spec predicates 12).

import { definePredicate } from "../spec/predicate.ts";

export const alwaysTrue = definePredicate({
  name: "True",
  summary: "Always matches.",
  details: "Arguments are ignored. Useful for its weight, or to switch a route on.",
  args: [],
  anyArgs: true,
  examples: ['r: True() -> "http://backend.test";'],
  create: () => () => true,
});
