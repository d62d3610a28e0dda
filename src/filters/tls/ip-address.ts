// IP addresses and ranges of certificates as mtlsSanIP and mtlsSanCIDR take them.

import { cidr } from "../../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../../spec/args.ts";
import type { CidrSet } from "../../util/cidr.ts";

/** One address, without a range, and not the unspecified one; the set holds just this one. */
export const ipAddress: ArgKind<CidrSet> = {
  kind: "IP address",
  expected: "an IP address",
  accepts: ["10.0.0.1", "2001:db8::1"],
  refuses: ["10.0.0.0/8", "0.0.0.0", "::", "x", "", 1],
  parse: (value) => (typeof value === "string" && !value.includes("/") ? cidr.parse(value) : new Refused()),
};

/** A range of addresses; host bits below the mask are allowed. */
export const ipRange: ArgKind<CidrSet> = {
  kind: "cidr",
  expected: "a range of IP addresses",
  accepts: ["10.0.0.77/8", "2a05:aec0::/29"],
  refuses: ["10.0.5.10", "x", "", 1],
  parse: (value) => (typeof value === "string" && value.includes("/") ? cidr.parse(value) : new Refused()),
};
