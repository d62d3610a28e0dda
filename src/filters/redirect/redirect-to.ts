// redirectTo: answers with a redirect (spec filters 6.4).

import { status } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { location, locationOf } from "./location.ts";

export const redirectTo = defineFilter({
  name: "redirectTo",
  summary: "Answers with a redirect; the backend is not called.",
  details:
    "Scheme (https when not named), host, path and query that the location does not name are those of the request, as earlier filters left it.",
  args: [one("status", status), optional("location", location)],
  examples: [
    {
      route: '* -> redirectTo(308, "https://www.example.org") -> <shunt>',
      send: { path: "/A?b=C" },
      expect: { status: 308, headers: { location: "https://www.example.org/A?b=C" } },
    },
  ],
  create([code, given]) {
    const locate = locationOf(given, false);
    return {
      request(ctx) {
        ctx.serve(code, [["Location", locate(ctx)]], null);
      },
    };
  },
});
