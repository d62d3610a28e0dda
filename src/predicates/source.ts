// `Source` (spec predicates 8).

import { parsedFirstForwarded } from "../http/client-address.ts";
import { rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { CidrSet } from "../util/cidr.ts";
import { addressRange } from "./address-range.ts";

export const source = definePredicate({
  name: "Source",
  summary: "Matches when the client address of X-Forwarded-For lies in one of the given ranges.",
  details: "The first element of the first X-Forwarded-For line, else the address of the peer.",
  args: [rest("ranges", addressRange, 1)],
  examples: ['office: Source("10.0.0.0/8", "2001:db8::1") -> "http://backend.test";'],
  create([ranges]) {
    const set = CidrSet.union(ranges);
    return (request) => {
      const address = parsedFirstForwarded(request);
      return address !== null && set.contains(address);
    };
  },
});
