// The routes of the annotation skipper-routes, copied for each host and path of an Ingress (spec kubernetes 8.6).

import { printExpression } from "../eskip/printer.ts";
import type { Call, Route } from "../eskip/route.ts";
import { isTreePredicate, type PathMatch } from "./ingress-path.ts";
import { joined } from "./route-edits.ts";

/** A route of the annotation with the host and path of a rule, under a new id. */
export function extraRoute(route: Route, id: string, hostRegexps: readonly string[], match: PathMatch): Route {
  const isRegexp = match.pathRegexps.length > 0;
  return {
    ...route,
    id,
    ...withTreePredicates(route, match.predicates),
    hostRegexps,
    pathRegexps: isRegexp ? match.pathRegexps : route.pathRegexps,
  };
}

/** Where a second path comes in, the first leaves its slot, which has room for one. */
function withTreePredicates(route: Route, added: readonly Call[]): Pick<Route, "path" | "predicates"> {
  if (added.length === 0) return { path: route.path, predicates: route.predicates };
  const slot: readonly Call[] = route.path === "" ? [] : [{ name: "Path", args: [route.path] }];
  return { path: "", predicates: joined(slot, added, route.predicates) };
}

/** Why a route cannot be: it has several paths. "" when it can. */
export function pathConflict(route: Route): string {
  const count = route.predicates.filter(isTreePredicate).length + (route.path === "" ? 0 : 1);
  if (count < 2) return "";
  return `Ignoring route due to multiple path predicates: ${count} path predicates, route: ${printExpression(route)}`;
}
