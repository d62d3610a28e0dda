// `JWTPayloadAllKVRegexp` (spec predicates 7). The token is not verified.

import { string } from "../spec/arg-kinds.ts";
import { rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { JWT_DETAILS, regexpPairsProblem, testClaims } from "./jwt-claims.ts";

export const jwtPayloadAllKvRegexp = definePredicate({
  name: "JWTPayloadAllKVRegexp",
  summary: "Matches when all of the given expressions are found in the claims of the bearer token.",
  details: JWT_DETAILS,
  args: [rest("pairs", string, 2)],
  examples: ['own: JWTPayloadAllKVRegexp("email", "@corp[.]test$", "sub", "^svc-") -> "http://backend.test";'],
  check: ([pairs]) => regexpPairsProblem(pairs),
  create: ([pairs]) => testClaims(pairs, "all", "regexp"),
});
