// fifo: a bounded number of requests at a time, others wait in order (spec resilience 2).

import { intBetween, nonNegativeInt } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { queueFilter } from "./queue-filter.ts";
import { waitLimit } from "./wait-limit.ts";

export const fifo = defineFilter({
  name: "fifo",
  summary: "Lets so many requests of the route run at a time; others wait, and the one that waits longest is next.",
  details:
    "A request counts until the response filters have run. When so many wait as the queue is long, a new one gets 503; one that has waited for the timeout gets 502. A queue of 0: nobody waits. The filters fifo and fifoWithBody of a route share one queue; it stays when the routing table changes.",
  args: [
    one("concurrency", intBetween(1, Number.POSITIVE_INFINITY)),
    one("queue", nonNegativeInt),
    one("timeout", waitLimit),
  ],
  options: ["enable-route-fifo-metrics"],
  examples: [{ route: '* -> fifo(100, 150, "10s") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create: (_, env) => queueFilter("fifo", null, false, env),
});
