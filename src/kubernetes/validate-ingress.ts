// Whether an Ingress may have routes (spec kubernetes 8 step 1): asked when the cluster is loaded and by the admission webhook. Only
// its annotations are looked at; filters and predicates for their syntax alone.

import { LB_ALGORITHMS } from "../eskip/lb-algorithms.ts";
import { parseDocument, parseFilters, parsePredicates } from "../eskip/parser.ts";
import type { Ingress } from "./objects.ts";

/** What is wrong with an annotation that has this text, "" when nothing is. */
type Check = (text: string) => string;

const checks: readonly (readonly [annotation: string, check: Check])[] = [
  ["zalando.org/skipper-filter", (text) => parseFilters(text).error?.message ?? ""],
  ["zalando.org/skipper-predicate", (text) => parsePredicates(text).error?.message ?? ""],
  ["zalando.org/skipper-routes", (text) => parseDocument(text).error?.message ?? ""],
  ["zalando.org/skipper-loadbalancer", (text) => (LB_ALGORITHMS.has(text) ? "" : "unsupported algorithm")],
];

/** What is wrong with the Ingress, one message for each annotation; empty when it is valid. */
export function validateIngress(ingress: Ingress): readonly string[] {
  const faults: string[] = [];
  for (const [annotation, check] of checks) {
    const text = ingress.metadata.annotations.get(annotation) ?? "";
    const fault = text === "" ? "" : check(text);
    if (fault !== "") faults.push(`invalid ${JSON.stringify(annotation)} annotation: ${fault}`);
  }
  return faults;
}
