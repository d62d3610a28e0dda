// consistentHashBalanceFactor: how uneven the consistentHash algorithm may get (spec filters 9.2).

import { number } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";

export const consistentHashBalanceFactor = defineFilter({
  name: "consistentHashBalanceFactor",
  summary:
    "Lets the consistentHash algorithm skip endpoints with more than the factor times the average requests in flight.",
  args: [one("factor", number)],
  examples: [
    {
      route: '* -> consistentHashBalanceFactor(1.25) -> <consistentHash, "http://backend.test">',
      expect: { status: 200 },
    },
  ],
  check: ([factor]) =>
    factor >= 1 ? "" : `invalid consistentHashBalanceFactor filter value, must be >=1 but got ${factor.toFixed(6)}`,
  create: ([factor]) => ({
    request(ctx) {
      ctx.hashBalanceFactor = factor;
    },
  }),
});
