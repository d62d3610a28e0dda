// What a path of an Ingress becomes as a predicate (spec kubernetes 8.2), and how an annotation may override it.

import type { Call, Route } from "../eskip/route.ts";
import type { IngressPath } from "./objects.ts";
import { joined } from "./route-edits.ts";
import type { PathMode } from "./settings.ts";

/** One of the two, or neither for a rule without path. */
export interface PathMatch {
  readonly pathRegexps: Route["pathRegexps"];
  readonly predicates: readonly Call[];
}

const none: readonly never[] = Object.freeze([]);
const noPathMatch: PathMatch = { pathRegexps: none, predicates: none };

/** What nearly all Ingresses have is shared. */
const rootRegexp: PathMatch = { pathRegexps: ["^/"], predicates: none };
const rootSubtree: PathMatch = { pathRegexps: none, predicates: [{ name: "PathSubtree", args: ["/"] }] };

export function pathMatch({ path, pathType }: IngressPath, mode: PathMode): PathMatch {
  if (path === "") return noPathMatch;
  if (pathType === "Exact") return { pathRegexps: none, predicates: [{ name: "Path", args: [path] }] };
  if (pathType === "Prefix" || mode === "path-prefix") {
    return path === "/" ? rootSubtree : { pathRegexps: none, predicates: [{ name: "PathSubtree", args: [path] }] };
  }
  if (mode === "path-regexp") return { pathRegexps: [path], predicates: none };
  return path === "/" ? rootRegexp : { pathRegexps: [`^(${path})`], predicates: none };
}

/** True for the predicates of which a route may have one in all. */
export function isTreePredicate({ name }: Call): boolean {
  return name === "Path" || name === "PathSubtree";
}

/**
 * The predicates of a path route: in mode path-prefix each path in the annotation takes the place of one of the route, otherwise
 * both stay.
 */
export function withAnnotated(own: readonly Call[], annotated: readonly Call[], mode: PathMode): readonly Call[] {
  if (mode !== "path-prefix" || annotated.length === 0) return joined(own, annotated);
  let overridden = annotated.filter(isTreePredicate).length;
  const kept = own.filter((call) => !isTreePredicate(call) || overridden-- <= 0);
  return joined(kept, annotated);
}
