// endpointCreated: since when an endpoint exists, for fadeIn (spec filters 9.2). Read from the route definition; nothing per
// request.

import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { endpointTime, endpointUrl } from "./endpoint-args.ts";

export const endpointCreated = defineFilter({
  name: "endpointCreated",
  summary: "Says when an endpoint of the load balanced backend was created, so that a replaced one fades in again.",
  details: "The time is RFC 3339, or a number of seconds since 1970. A time in the future is ignored.",
  args: [one("endpoint", endpointUrl), one("time", endpointTime)],
  examples: [
    {
      route:
        '* -> fadeIn("3m") -> endpointCreated("http://backend.test", 1608305400) -> <roundRobin, "http://backend.test">',
      expect: { status: 200 },
    },
  ],
  create: () => ({}),
});
