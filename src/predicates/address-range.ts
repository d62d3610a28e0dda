// The argument of Source, SourceFromLast and ClientIP (spec predicates 8): a range, and of numbers the text of the spec.

import { cidr } from "../spec/arg-kinds.ts";
import { type ArgKind, Refused } from "../spec/args.ts";
import type { CidrSet } from "../util/cidr.ts";

export const addressRange: ArgKind<CidrSet> = {
  ...cidr,
  parse: (value) => (typeof value === "string" ? cidr.parse(value) : new Refused("invalid arguments")),
};
