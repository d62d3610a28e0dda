// originMarker: where and when a route was made (spec filters 7). Read from the route definition for metrics; nothing per request.

import { string, timeRfc3339 } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const originMarker = defineFilter({
  name: "originMarker",
  summary: "Marks a route with its origin, an id and its creation time, for the metric of route creation times.",
  args: [one("origin", string), one("id", string), one("created", timeRfc3339)],
  examples: [
    {
      route: '* -> originMarker("ingress", "id1", "2019-08-30T09:55:51Z") -> status(204) -> <shunt>',
      expect: { status: 204 },
    },
  ],
  create: () => ({}),
});
