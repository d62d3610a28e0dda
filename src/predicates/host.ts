// `Host` (spec predicates 4). Lists of plain names never reach a regular expression engine (util/host-pattern.ts).

import { regexp } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const host = definePredicate({
  name: "Host",
  summary: "Searches a regular expression in the host of the request.",
  details: "The host is seen as it was sent, with port, trailing dot and letter case, unless hosts are normalized.",
  args: [one("pattern", regexp)],
  examples: ['shop: Host("^shop[.]example[.]org(:[0-9]+)?$") -> "http://backend.test";'],
  create:
    ([pattern]) =>
    (request) =>
      pattern.test(request.host),
});
