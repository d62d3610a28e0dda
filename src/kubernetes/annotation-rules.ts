// Predicates and filters that flags add to the routes of objects with certain annotations (spec kubernetes 7.8).

import type { Call, Route } from "../eskip/route.ts";
import type { Metadata } from "./objects.ts";
import { appendFilters, appendPredicates } from "./route-edits.ts";
import type { AnnotationRule, AnnotationRules } from "./settings.ts";

/** What an object gets from the rules for one sort of its hosts. */
export interface AnnotationItems {
  readonly predicates: readonly Call[];
  readonly filters: readonly Call[];
}

const none: readonly never[] = Object.freeze([]);

export function annotationItems(metadata: Metadata, rules: AnnotationRules): AnnotationItems {
  return { predicates: itemsOf(metadata, rules.predicates), filters: itemsOf(metadata, rules.filters) };
}

/** In the order of the flags. */
function itemsOf({ annotations }: Metadata, rules: readonly AnnotationRule[]): readonly Call[] {
  const matching = rules.filter(({ key, value }) => annotations.get(key) === value);
  return matching.length === 0 ? none : matching.flatMap(({ items }) => items);
}

export function applyAnnotationItems(route: Route, { predicates, filters }: AnnotationItems): Route {
  return appendFilters(appendPredicates(route, predicates), filters);
}
