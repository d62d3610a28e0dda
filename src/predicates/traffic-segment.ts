// `TrafficSegment` (spec predicates 11). Weighs nothing, so a segmented route keeps the weight of its twin without.

import { numberBetween } from "../spec/arg-kinds.ts";
import { type ArgKind, one, Refused } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

/** An end of the segment; it is refused in the words of the spec. */
function end(name: string): ArgKind<number> {
  const kind = numberBetween(0, 1);
  const refused = new Refused(`invalid predicate parameters: ${name} is out of range`);
  return { ...kind, parse: (value) => (kind.parse(value) instanceof Refused ? refused : kind.parse(value)) };
}

export const trafficSegment = definePredicate({
  name: "TrafficSegment",
  summary: "Matches when the random number of the request lies in a segment.",
  details:
    "All segments see the same number, so routes can share out the traffic without gaps. Adds nothing to the weight.",
  args: [one("min", end("min")), one("max", end("max"))],
  examples: [
    'blue: Path("/pay") && TrafficSegment(0.0, 0.9) -> "http://backend.test";',
    'green: Path("/pay") && TrafficSegment(0.9, 1.0) -> "http://backend.test";',
  ],
  weight: () => 0,
  check: ([min, max]) => (min <= max ? "" : "invalid predicate parameters: invalid range"),
  create:
    ([min, max]) =>
    (request) => {
      const drawn = request.trafficSegment();
      return min <= drawn && drawn < max;
    },
});
