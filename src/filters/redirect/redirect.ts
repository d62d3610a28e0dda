// redirect: the older redirect, which calls the backend first (spec filters 6.4). The response is replaced as a whole; filters to
// the left still see it.

import { status } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { location, locationOf } from "./location.ts";

export const redirect = defineFilter({
  name: "redirect",
  summary: "Replaces the response of the backend by a redirect.",
  details: "The location is put together as by redirectTo.",
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
        ctx.serve(code, [["Location", locate(ctx)]], null);
      },
    };
  },
});
