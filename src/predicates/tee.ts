// `Tee` (spec predicates 12).

import { nonEmptyBytes } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const tee = definePredicate({
  name: "Tee",
  summary: "Matches the copies that teeLoopback() made with this key.",
  details: "Compares the header X-Tee-Loopback-Key, which a client can send too.",
  args: [one("key", nonEmptyBytes)],
  examples: ['shadow: Path("/q") && Tee("shadow") -> "http://backend.test";'],
  create:
    ([key]) =>
    (request) =>
      request.headers.get("X-Tee-Loopback-Key") === key,
});
