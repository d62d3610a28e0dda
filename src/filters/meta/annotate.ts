// annotate: leaves a named text for other filters (spec filters 4 and 7).

import { bytes } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

const KEY = "filter.annotate";

export const annotate = defineFilter({
  name: "annotate",
  summary: "Annotates the request for other filters; a later value of the same key wins.",
  args: [one("key", bytes), one("value", bytes)],
  examples: [
    {
      route:
        '* -> annotate("team", "a") -> setContextRequestHeader("X-Annotations", "filter.annotate") -> "http://backend.test"',
      expect: { backend: { headers: { "x-annotations": "map[team:a]" } } },
    },
  ],
  create: ([key, value]) => ({
    request(ctx) {
      const old = ctx.stateBag.get(KEY);
      if (old instanceof Map) old.set(key, value);
      else ctx.stateBag.set(KEY, new Map([[key, value]]));
    },
  }),
});
