// The duration of fadeIn, which alone may be negative (it is off then) and keeps fractions of milliseconds (spec filters 9.2).

import type { Arg } from "../../eskip/route.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import { DurationError, parseDuration } from "../../util/duration.ts";

/** Milliseconds of any sign: a number of them, or a duration text. */
export const signedDurationOrMs: ArgKind<number> = {
  kind: "duration",
  expected: "a duration or a number of milliseconds",
  accepts: [0, 3000.5, -1, "3m", "-3m"],
  refuses: ["x", "", "3"],
  parse(value: Arg): number | Refused {
    if (typeof value === "number") return value;
    const ms = parseDuration(value);
    return ms instanceof DurationError ? new Refused(ms.message) : ms;
  },
};
