// Path predicates of Ingress routes (spec kubernetes 8.2), and how those of annotations go with them.

import type { Call, Route } from "../eskip/route.ts";
import type { IngressPath } from "./objects.ts";
import type { PathMode } from "./settings.ts";

/** The fields of a route that its path is about. */
export type PathPart = Pick<Route, "path" | "pathRegexps" | "predicates">;

export function pathPart({ path, pathType }: IngressPath, mode: PathMode): PathPart {
  const nothing = { path: "", pathRegexps: [], predicates: [] };
  if (path === "") return nothing;
  if (pathType === "Exact") return { ...nothing, path };
  if (pathType === "Prefix" || mode === "path-prefix") {
    return { ...nothing, predicates: [{ name: "PathSubtree", args: [path] }] };
  }
  const pattern = mode === "path-regexp" ? path : path === "/" ? "^/" : `^(${path})`;
  return { ...nothing, pathRegexps: [pattern] };
}

/** Adds the predicates of an annotation. With `replace` each path among them takes the place of one of the route. */
export function appendPredicates(route: Route, added: readonly Call[], replace: boolean): Route {
  if (added.length === 0) return route;
  let { path } = route;
  const predicates = [...route.predicates];
  if (replace) {
    for (const call of added) {
      if (!isPath(call)) continue;
      const at = predicates.findIndex(isPath);
      if (path !== "") path = "";
      else if (at >= 0) predicates.splice(at, 1);
    }
  }
  return { ...route, path, predicates: [...predicates, ...added] };
}

/** Path and PathSubtree predicates; a route may have one. */
export function countPaths(route: Route): number {
  return (route.path === "" ? 0 : 1) + route.predicates.filter(isPath).length;
}

function isPath({ name }: Call): boolean {
  return name === "Path" || name === "PathSubtree";
}

/** The route matches all paths, as far as its path field says. */
export function catchesAll({ pathRegexps }: Route): boolean {
  return pathRegexps.length === 0 || (pathRegexps.length === 1 && pathRegexps[0] === "^/");
}
