// setPath: replaces the request path by a template (spec filters 6.3).

import { template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const setPath = defineFilter({
  name: "setPath",
  summary: "Replaces the path of the request.",
  details:
    "The text is the decoded path: what must be escaped is escaped when it is sent. Unresolved placeholders are empty.",
  args: [one("path", template)],
  examples: [
    {
      route: 'Path("/users/:id") -> setPath("/v2/${id}") -> "http://backend.test"',
      send: { path: "/users/7?q=1" },
      expect: { backend: { target: "/v2/7?q=1" } },
    },
  ],
  create: ([path]) => ({
    request(ctx) {
      ctx.request.path = path.applyLoose(ctx);
    },
  }),
});
