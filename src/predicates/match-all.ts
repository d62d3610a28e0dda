// `*`: matches everything (spec predicates 12). Documents drop it while they are parsed; other notations of a route keep it.

import { definePredicate } from "../spec/predicate.ts";

export const matchAll = definePredicate({
  name: "*",
  summary: "Matches every request and weighs nothing.",
  args: [],
  examples: ['all: * -> "http://backend.test";'],
  weight: () => 0,
  create: () => () => true,
});
