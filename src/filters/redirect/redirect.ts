// redirect: the older redirect, which calls the backend first (spec filters 6.4). Its status and Location are all that the client sees
// of the head; what other filters and the backend put there is lost, the body stays.

import { status } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { location, locationOf } from "./location.ts";

export const redirect = defineFilter({
  name: "redirect",
  summary: "Makes a redirect of the response of the backend.",
  details:
    "The location is put together as by redirectTo; on a network backend the scheme is the one of the backend when it is not named. Other headers are lost, the body stays.",
  deprecated: "use redirectTo",
  args: [one("status", status), optional("location", location)],
  examples: [
    {
      route: '* -> redirect(302, "/foo") -> <shunt>',
      send: { path: "/a?x=1", headers: { Host: "a.example" } },
      expect: { status: 302, headers: { location: "https://a.example/foo?x=1" } },
    },
  ],
  create([code, given]) {
    const locate = locationOf(given, false);
    return {
      response(ctx) {
        ctx.fixResponseHead(code, [["Location", locate(ctx, ctx.backendScheme)]]);
      },
    };
  },
});
