// The argument kind of the filters that take a rate or a size (spec filters 8).

import { numberKind } from "../../spec/arg-kinds.ts";
import type { ArgKind } from "../../spec/args.ts";
import { Refused } from "../../spec/args.ts";

/** A number above zero, fractions too. */
export const positiveNumber: ArgKind<number> = numberKind({
  kind: "number",
  expected: "a number above 0",
  accepts: [1, 0.5],
  refuses: [0, -1, "1"],
  parse: (value) => (value > 0 ? value : new Refused()),
});
