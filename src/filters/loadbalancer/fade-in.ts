// fadeIn: new endpoints get their traffic slowly (spec filters 9.2). Read from the route definition; nothing per request.

import { number } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { signedDurationOrMs } from "./signed-duration.ts";

export const fadeIn = defineFilter({
  name: "fadeIn",
  summary: "Raises the traffic of a new endpoint of a load balanced backend over a time.",
  details:
    "An endpoint of age a < duration gets (a / duration) ^ exponent of its share; the exponent is 1 when left out. A duration of 0 or less switches it off. The last one of a route counts.",
  args: [one("duration", signedDurationOrMs), optional("exponent", number)],
  examples: [
    {
      route: '* -> fadeIn("3m", 1.5) -> <roundRobin, "http://backend.test">',
      expect: { status: 200 },
    },
  ],
  create: () => ({}),
});
