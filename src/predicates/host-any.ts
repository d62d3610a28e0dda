// `HostAny` (spec predicates 4).

import { bytes } from "../spec/arg-kinds.ts";
import { rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";

export const hostAny = definePredicate({
  name: "HostAny",
  summary: "Matches when the host is exactly one of the given ones.",
  details: "Compared byte by byte, with port and letter case; there are no wildcards.",
  args: [rest("hosts", bytes, 1)],
  examples: ['apex: HostAny("shop.test", "www.shop.test") -> "http://backend.test";'],
  create:
    ([hosts]) =>
    (request) =>
      hosts.includes(request.host),
});
