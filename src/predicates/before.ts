// `Before` (spec predicates 10).

import { one, optional } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { location, resolvedTime, TIME_DETAILS, time, timesProblem } from "./interval.ts";

export const before = definePredicate({
  name: "Before",
  summary: "Matches before the given time.",
  details: TIME_DETAILS,
  args: [one("time", time), optional("location", location)],
  examples: ['old: Before(1893456000) -> "http://backend.test";'],
  check: ([value, zone]) => timesProblem([value], zone),
  create([value, zone], env) {
    const bound = resolvedTime(value, zone);
    return () => env.now() < bound;
  },
});
