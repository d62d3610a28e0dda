// `Between` (spec predicates 10).

import { one, optional } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { location, resolvedTime, TIME_DETAILS, time, timesProblem } from "./interval.ts";

export const between = definePredicate({
  name: "Between",
  summary: "Matches from the first time on and before the second.",
  details: TIME_DETAILS,
  args: [one("from", time), one("to", time), optional("location", location)],
  examples: [
    'sale: Path("/sale") && Between("2030-11-29T00:00:00", "2030-12-02T00:00:00", "Europe/Berlin") -> "http://backend.test";',
  ],
  check([from, to, zone]) {
    const problem = timesProblem([from, to], zone);
    if (problem !== "") return problem;
    return resolvedTime(from, zone) < resolvedTime(to, zone) ? "" : "the first time must be before the second";
  },
  create([from, to, zone], env) {
    const start = resolvedTime(from, zone);
    const end = resolvedTime(to, zone);
    return () => {
      const now = env.now();
      return start <= now && now < end;
    };
  },
});
