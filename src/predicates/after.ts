// `After` (spec predicates 10).

import { one, optional } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { location, resolvedTime, TIME_DETAILS, time, timesProblem } from "./interval.ts";

export const after = definePredicate({
  name: "After",
  summary: "Matches from the given time on.",
  details: TIME_DETAILS,
  args: [one("time", time), optional("location", location)],
  examples: ['new: After("2030-01-31T00:00:00", "Europe/Berlin") -> "http://backend.test";'],
  check: ([value, zone]) => timesProblem([value], zone),
  create([value, zone], env) {
    const bound = resolvedTime(value, zone);
    return () => env.now() >= bound;
  },
});
