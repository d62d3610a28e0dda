// The routes of one entry of a RouteGroup (spec kubernetes 9.3): what it says is parsed once and shared by its methods and backends.

import { parseFilters, parsePredicates } from "../eskip/parser.ts";
import type { Call, Route } from "../eskip/route.ts";
import type { BackendReference, RouteGroupRoute } from "./objects.ts";

/** What the routes of an entry have in common. */
export interface RouteTemplate {
  readonly index: number;
  /** In upper case, each once; one "" for all methods. */
  readonly methods: readonly string[];
  readonly pathRegexps: Route["pathRegexps"];
  /** In front of those of host and traffic, but for paths in their slots. */
  readonly predicates: readonly Call[];
  readonly filters: readonly Call[];
  readonly backends: readonly BackendReference[];
}

const none: readonly never[] = Object.freeze([]);
const allMethods: readonly string[] = [""];

/** The one route of a group without routes. */
export function implicitTemplate(backends: readonly BackendReference[]): RouteTemplate {
  return { index: 0, methods: allMethods, pathRegexps: none, predicates: none, filters: none, backends };
}

/** The group has passed validate-route-group.ts, so its filters and predicates do parse. */
export function explicitTemplate(
  route: RouteGroupRoute,
  index: number,
  defaults: readonly BackendReference[],
): RouteTemplate {
  const { path, pathSubtree, pathRegexp, methods } = route;
  const predicates = route.predicates.flatMap((text) => parsePredicates(text).predicates);
  const filters = route.filters.flatMap((text) => parseFilters(text).filters);
  if (path !== "") predicates.unshift({ name: "Path", args: [path] });
  else if (pathSubtree !== "") predicates.unshift({ name: "PathSubtree", args: [pathSubtree] });
  return {
    index,
    methods: methods.length === 0 ? allMethods : [...new Set(methods.map((method) => method.toUpperCase()))],
    pathRegexps: pathRegexp === "" ? none : [pathRegexp],
    predicates,
    filters,
    backends: route.backends.length > 0 ? route.backends : defaults,
  };
}
