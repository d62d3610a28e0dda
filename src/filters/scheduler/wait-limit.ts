// How long a request waits in a queue at most (spec resilience 2).

import { duration } from "../../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";

/** Milliseconds as a duration string of at least 1 ms. */
export const waitLimit: ArgKind<number> = {
  kind: "duration",
  expected: "a duration of at least 1ms",
  accepts: ["1ms", "10s"],
  refuses: ["0s", "999us", "-1s", "", "1", 1000],
  parse: (value) => {
    const ms = duration.parse(value);
    return ms instanceof Refused || ms >= 1 ? ms : new Refused();
  },
};
