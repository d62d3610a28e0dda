// redirectToLower: answers with a redirect to the path in lower case (spec filters 6.4).

import { status } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { location, locationOf } from "./location.ts";

export const redirectToLower = defineFilter({
  name: "redirectToLower",
  summary: "Answers with a redirect, its path in lower case; the backend is not called.",
  details:
    "Scheme (https when not named), host, path and query that the location does not name are those of the request, as earlier filters left it.",
  args: [one("status", status), optional("location", location)],
  examples: [
    {
      route: '* -> redirectToLower(308, "https://www.example.org") -> <shunt>',
      send: { path: "/A?b=C" },
      expect: { status: 308, headers: { location: "https://www.example.org/a?b=C" } },
    },
  ],
  create([code, given]) {
    const locate = locationOf(given, true);
    return {
      request(ctx) {
        ctx.serve(code, [["Location", locate(ctx)]], null);
      },
    };
  },
});
