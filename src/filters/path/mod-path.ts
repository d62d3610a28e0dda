// modPath: replaces matches in the request path (spec filters 6.3).

import { expansion, regexp } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const modPath = defineFilter({
  name: "modPath",
  summary: "Replaces all matches of a regular expression in the decoded path of the request.",
  details: "The expansion may refer to groups: $1, ${1}, ${name}; $$ is a dollar sign.",
  args: [one("pattern", regexp), one("expansion", expansion)],
  examples: [
    {
      route: '* -> modPath("^/old/(.*)$", "/new/$1") -> "http://backend.test"',
      send: { path: "/old/a?b=c" },
      expect: { backend: { target: "/new/a?b=c" } },
    },
  ],
  create: ([pattern, expansion]) => ({
    request(ctx) {
      const path = ctx.request.path;
      const changed = pattern.replaceAll(path, expansion);
      // An unchanged path keeps the escaping that the client used.
      if (changed !== path) ctx.request.path = changed;
    },
  }),
});
