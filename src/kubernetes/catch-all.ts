// Routes that answer 404 for what no route of a host takes, so that it does not fall to routes without host (spec kubernetes 7.11).

import { makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { hostPattern } from "./host-pattern.ts";
import { disabledRedirectRoute, ingressRedirectRoute } from "./redirects.ts";
import { appendPredicates } from "./route-edits.ts";
import { ingressCatchAllId, routeGroupCatchAllId } from "./route-ids.ts";
import { wildcardPredicates } from "./wildcard-hosts.ts";

/** True when no request for the host of an Ingress route passes it because of its path. */
export function catchesAll({ pathRegexps }: Route): boolean {
  return pathRegexps.length === 0 || (pathRegexps.length === 1 && pathRegexps[0] === "^/");
}

/** What all Ingresses of a host together say about its redirects. */
export interface HostRedirects {
  /** 0: none. */
  readonly code: number;
  readonly isDisabled: boolean;
}

/** The catch-all route and its companions; `hostRegexps` are those of the first route of the host. */
export function ingressCatchAlls(host: string, hostRegexps: readonly string[], redirects: HostRedirects): Route[] {
  const route = makeRoute({ id: ingressCatchAllId(host), hostRegexps, backend: shuntBackend });
  const routes = [appendPredicates(route, wildcardPredicates(host))];
  if (redirects.code > 0) routes.push(ingressRedirectRoute(route, redirects.code));
  if (redirects.isDisabled) routes.push(disabledRedirectRoute(route));
  return routes;
}

/** True for a route of a RouteGroup that looks at nothing but the host. */
export function hasOnlyHosts(route: Route): boolean {
  return route.pathRegexps.length === 0 && route.method === "" && route.predicates.every(({ name }) => name === "Host");
}

export function routeGroupCatchAll(host: string, internal: boolean): Route {
  const id = routeGroupCatchAllId(host, internal);
  return makeRoute({ id, hostRegexps: [hostPattern([host])], backend: shuntBackend });
}
