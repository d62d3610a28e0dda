// consistentHashKey: the key of the consistentHash algorithm (spec filters 9.2).

import { template } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const consistentHashKey = defineFilter({
  name: "consistentHashKey",
  summary: "Sets the key by which the consistentHash algorithm chooses the endpoint.",
  details: "With an unresolved placeholder the default key counts: the client address.",
  args: [one("key", template)],
  examples: [
    {
      route:
        '* -> consistentHashKey("${request.header.Authorization}") -> <consistentHash, "http://backend.test", "http://backend.test">',
      expect: { status: 200 },
    },
  ],
  create: ([key]) => ({
    request(ctx) {
      const text = key.apply(ctx);
      if (text !== undefined) ctx.hashKey = text;
    },
  }),
});
