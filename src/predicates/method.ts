// `Method` (spec predicates 5).

import { bytes } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const method = definePredicate({
  name: "Method",
  summary: "Matches exactly this method.",
  details: "Letter case counts. An empty argument matches every method and weighs nothing.",
  args: [one("method", bytes)],
  examples: ['read: Method("GET") && Path("/") -> "http://backend.test";'],
  weight: ([method]) => (method === "" ? 0 : 1),
  create:
    ([method]) =>
    (request) =>
      method === "" || request.method === method,
});
