// lifoGroupWithBody: a bounded number of requests at a time over all routes of a group (spec resilience 2).

import { duration, int, string } from "../../spec/arg-kinds.ts";
import { one, optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { queueFilter } from "./queue-filter.ts";

export const lifoGroupWithBody = defineFilter({
  name: "lifoGroupWithBody",
  summary: "As lifoWithBody, with one stack for all routes that name the group.",
  details:
    'A request counts until its response was sent. The first filter of the group that has more than the name gives the settings; without one they are 100 at a time, 100 that wait, "10s".',
  args: [one("group", string), optional("concurrency", int), optional("queue", int), optional("timeout", duration)],
  options: ["enable-route-lifo-metrics"],
  examples: [
    { route: '* -> lifoGroupWithBody("shop", 100, 150, "10s") -> status(204) -> <shunt>', expect: { status: 204 } },
  ],
  create: ([group], env) => queueFilter("lifoGroup", group, true, env),
});
