// dropQuery: removes a query parameter (spec filters 6.3).

import { template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { deleteQueryValue } from "../../util/query.ts";

export const dropQuery = defineFilter({
  name: "dropQuery",
  summary: "Removes a query parameter with all its values.",
  details: "The rest is encoded anew, sorted by name, also when nothing was removed.",
  args: [one("name", template)],
  examples: [
    {
      route: '* -> dropQuery("z") -> "http://backend.test"',
      send: { path: "/a?z=1&b=2&a=1" },
      expect: { backend: { target: "/a?a=1&b=2" } },
    },
  ],
  create: ([name]) => ({
    request(ctx) {
      ctx.request.rawQuery = deleteQueryValue(ctx.request.rawQuery, name.applyLoose(ctx));
    },
  }),
});
