// The common part of the four JWTPayload predicates (spec predicates 7).

import { bearerClaims, stringClaim } from "../http/jwt-payload.ts";
import type { PredicateTest } from "../spec/predicate.ts";
import { toByteString } from "../util/bytes.ts";
import { compileRegexp, RegexpError } from "../util/regexp.ts";

export const JWT_DETAILS =
  "The arguments are pairs of a claim and its value. The token is read from the first Authorization value and **not verified**: use a filter for that. Only top-level claims that are strings can match.";

interface ClaimTest {
  readonly claim: string;
  test(value: string): boolean;
}

/** What is wrong with a list of claims and values, "" for nothing. */
export function pairsProblem(pairs: readonly string[]): string {
  return pairs.length % 2 === 0 ? "" : "expected pairs of a claim and its value";
}

/** The same for a list of claims and patterns. */
export function regexpPairsProblem(pairs: readonly string[]): string {
  for (let i = 1; i < pairs.length; i += 2) {
    const pattern = compileRegexp(pairs[i]!);
    if (pattern instanceof RegexpError) return pattern.message;
  }
  return pairsProblem(pairs);
}

/** The test of a list that `pairsProblem` or `regexpPairsProblem` found nothing wrong with. */
export function testClaims(pairs: readonly string[], which: "any" | "all", how: "exact" | "regexp"): PredicateTest {
  const tests: ClaimTest[] = [];
  for (let i = 0; i + 1 < pairs.length; i += 2) tests.push({ claim: pairs[i]!, test: valueTest(pairs[i + 1]!, how) });
  return (request) => {
    const claims = bearerClaims(request.headers.get("Authorization"));
    if (claims === null) return false;
    for (const { claim, test } of tests) {
      const value = stringClaim(claims, claim);
      const holds = value !== undefined && test(value);
      if (holds !== (which === "all")) return holds;
    }
    return which === "all";
  };
}

function valueTest(expected: string, how: "exact" | "regexp"): (value: string) => boolean {
  if (how === "exact") return (value) => value === expected;
  const pattern = compileRegexp(expected);
  if (pattern instanceof RegexpError) return () => false;
  return (value) => pattern.test(toByteString(value));
}
