// `Any()`: the old spelling of `*` (spec predicates 12).

import { definePredicate } from "../spec/predicate.ts";

export const any = definePredicate({
  name: "Any",
  summary: "Matches every request and weighs nothing.",
  details: "The old spelling of `*`; arguments are ignored.",
  args: [],
  anyArgs: true,
  examples: ['all: Any() -> "http://backend.test";'],
  weight: () => 0,
  create: () => () => true,
});
