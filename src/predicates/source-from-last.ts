// `SourceFromLast` (spec predicates 8).

import { parsedLastForwarded } from "../http/client-address.ts";
import { rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { CidrSet } from "../util/cidr.ts";
import { addressRange } from "./address-range.ts";

export const sourceFromLast = definePredicate({
  name: "SourceFromLast",
  summary: "Matches when the last address of X-Forwarded-For lies in one of the given ranges.",
  details: "The last element of the first X-Forwarded-For line, else the address of the peer.",
  args: [rest("ranges", addressRange, 1)],
  examples: ['office: SourceFromLast("10.0.0.0/8", "2001:db8::1") -> "http://backend.test";'],
  create([ranges]) {
    const set = CidrSet.union(ranges);
    return (request) => {
      const address = parsedLastForwarded(request);
      return address !== null && set.contains(address);
    };
  },
});
