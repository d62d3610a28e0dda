// Routes that lead from HTTP to HTTPS, or keep a host from being led (spec kubernetes 7.10).

import { type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { appendPredicates } from "./route-edits.ts";
import { disabledRedirectId, redirectId } from "./route-ids.ts";

const PROTO_HEADER = "X-Forwarded-Proto";
const overHttp: readonly [string, string] = [PROTO_HEADER, "http"];

/** Lets a redirect go before all other routes of its place. */
const heavy: readonly Call[] = [{ name: "Weight", args: [1000] }];

/** Redirects every request over HTTP that no heavier route takes. */
export function globalRedirectRoute(code: number): Route {
  return makeRoute({
    id: "kube__redirect",
    headers: [overHttp],
    predicates: heavy,
    filters: redirectFilters(code),
    backend: shuntBackend,
  });
}

/** Redirects what the route of an Ingress would take over HTTP. */
export function ingressRedirectRoute(route: Route, code: number): Route {
  return appendPredicates(routeGroupRedirectRoute(route, code), heavy);
}

/** Takes over HTTP what the route takes, so that no redirect does. */
export function disabledRedirectRoute(route: Route): Route {
  const copy = { ...route, id: disabledRedirectId(route.id), headers: [...route.headers, overHttp] };
  return appendPredicates(copy, heavy);
}

/** Redirects what the route of a RouteGroup would take over HTTP. */
export function routeGroupRedirectRoute(route: Route, code: number): Route {
  return {
    ...route,
    id: redirectId(route.id),
    headers: [...route.headers, overHttp],
    filters: redirectFilters(code),
    backend: shuntBackend,
  };
}

function redirectFilters(code: number): readonly Call[] {
  return [{ name: "redirectTo", args: [code, "https:"] }];
}

/** True for predicates that look at the protocol themselves: their route gets no redirect. */
export function looksAtProto(predicates: readonly Call[]): boolean {
  return predicates.some(
    ({ name, args }) => (name === "Header" || name === "HeaderRegexp") && args[0] === PROTO_HEADER,
  );
}

/** The same for the texts of an Ingress, which are searched as text. */
export function mentionsProto(...texts: readonly string[]): boolean {
  return texts.some((text) => text.includes(`Header("${PROTO_HEADER}"`));
}
