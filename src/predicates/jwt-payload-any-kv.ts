// `JWTPayloadAnyKV` (spec predicates 7). The token is not verified.

import { string } from "../spec/arg-kinds.ts";
import { rest } from "../spec/args.ts";
import { definePredicate } from "../spec/predicate.ts";
import { JWT_DETAILS, pairsProblem, testClaims } from "./jwt-claims.ts";

export const jwtPayloadAnyKv = definePredicate({
  name: "JWTPayloadAnyKV",
  summary: "Matches when at least one of the given claims have their value in the claims of the bearer token.",
  details: JWT_DETAILS,
  args: [rest("pairs", string, 2)],
  examples: ['adm: JWTPayloadAnyKV("iss", "https://login.test", "role", "admin") -> "http://backend.test";'],
  check: ([pairs]) => pairsProblem(pairs),
  create: ([pairs]) => testClaims(pairs, "any", "exact"),
});
