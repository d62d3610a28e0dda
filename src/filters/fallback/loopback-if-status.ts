// loopbackIfStatus: another answer in place of one with a certain status (spec filters 9.3).

import { any, bytes, intBetween } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const loopbackIfStatus = defineFilter({
  name: "loopbackIfStatus",
  summary: "Replaces a response that has the status by the one that the routing table has for another path.",
  details:
    "The request is looked up again with this path as it stands, and its query; what comes of it is the response, whatever its status. Filters to the left see that one. Look-ups count as loopbacks. A request body is used up by then, so a fallback to a backend that would get it ends with 503. A third argument is ignored.",
  args: [one("status", intBetween(100, 599)), one("path", bytes), optional("ignored", any)],
  examples: [
    {
      route: '* -> loopbackIfStatus(503, "/maintenance") -> "http://backend.test"',
      send: { path: "/a" },
      expect: { status: 200, backend: { target: "/a" } },
    },
  ],
  create: ([status, path]) => ({
    response(ctx) {
      if (ctx.response.status !== status) return;
      ctx.request.path = path;
      ctx.rerun();
    },
  }),
});
