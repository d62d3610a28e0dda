// The argument kind of the filters that take a point in time (originMarker, endpointCreated).

import type { Arg } from "../eskip/route.ts";
import { type ArgKind, Refused } from "../spec/args.ts";

const RFC3339 = /^\d{4}-\d{2}-\d{2}T\d{2}:\d{2}:\d{2}(\.\d+)?(Z|[+-]\d{2}:\d{2})$/;

/** Milliseconds since 1970, from a time as RFC 3339. */
export const timeRfc3339: ArgKind<number> = {
  kind: "time",
  expected: "a time as RFC 3339",
  accepts: ["2019-08-30T09:55:51Z", "2019-08-30T09:55:51.25+02:00"],
  refuses: ["2019-08-30", "2019-13-30T09:55:51Z", "", 1],
  parse(value: Arg): number | Refused {
    if (typeof value !== "string" || !RFC3339.test(value)) return new Refused();
    const ms = Date.parse(value);
    return Number.isNaN(ms) ? new Refused() : ms;
  },
};
