// lifo: a bounded number of requests at a time, the newest of the others is next (spec resilience 2).

import { duration, int } from "../../spec/arg-kinds.ts";
import { optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { queueFilter } from "./queue-filter.ts";

export const lifo = defineFilter({
  name: "lifo",
  summary: "Lets so many requests of the route run at a time; others wait, and the one that came last is next.",
  details:
    'A request counts until the response filters have run. Default are 100 at a time, 100 that wait, "10s". When the stack is full, the one that waits longest gets 503; one that has waited for the timeout gets 502. A stack of 0 has no limit. The filters lifo and lifoWithBody of a route share one stack; it stays when the routing table changes.',
  args: [optional("concurrency", int), optional("queue", int), optional("timeout", duration)],
  options: ["enable-route-lifo-metrics"],
  examples: [{ route: '* -> lifo(100, 150, "10s") -> status(204) -> <shunt>', expect: { status: 204 } }],
  create: (_, env) => queueFilter("lifo", null, false, env),
});
