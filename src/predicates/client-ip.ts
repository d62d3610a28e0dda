// `ClientIP` (spec predicates 8).

import { rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { CidrSet, parseIpAddress } from "../util/cidr.ts";
import { addressRange } from "./address-range.ts";

export const clientIp = definePredicate({
  name: "ClientIP",
  summary: "Matches when the address of the peer lies in one of the given ranges.",
  details: "Headers are not looked at.",
  args: [rest("ranges", addressRange, 1)],
  examples: ['office: ClientIP("10.0.0.0/8", "2001:db8::1") -> "http://backend.test";'],
  create([ranges]) {
    const set = CidrSet.union(ranges);
    return (request) => {
      const address = parseIpAddress(request.remoteAddress);
      return address !== null && set.contains(address);
    };
  },
});
