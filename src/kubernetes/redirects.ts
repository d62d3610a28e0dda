// Routes that lead from HTTP to HTTPS, or keep a host from being led (spec kubernetes 7.10).

import { type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { appendPredicates } from "./route-edits.ts";
import { disabledRedirectId, redirectId } from "./route-ids.ts";

const PROTO_HEADER = "X-Forwarded-Proto";
const overHttp: readonly [string, string] = [PROTO_HEADER, "http"];
const onlyOverHttp: Route["headers"] = [overHttp];

/** Lets a redirect go before all other routes of its place. */
const heavy: readonly Call[] = [{ name: "Weight", args: [1000] }];

/** Redirects every request over HTTP that no heavier route takes. */
export function globalRedirectRoute(code: number): Route {
  return makeRoute({
    id: "kube__redirect",
    headers: onlyOverHttp,
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
  const copy = { ...route, id: disabledRedirectId(route.id), headers: headersOverHttp(route) };
  return appendPredicates(copy, heavy);
}

/** Redirects what the route of a RouteGroup would take over HTTP. */
export function routeGroupRedirectRoute(route: Route, code: number): Route {
  return {
    ...route,
    id: redirectId(route.id),
    headers: headersOverHttp(route),
    filters: redirectFilters(code),
    backend: shuntBackend,
  };
}

function headersOverHttp({ headers }: Route): Route["headers"] {
  return headers.length === 0 ? onlyOverHttp : [...headers, overHttp];
}

function makeFilters(code: number): readonly Call[] {
  return [{ name: "redirectTo", args: [code, "https:"] }];
}

/** Shared, as half of all routes may be redirects. A flag may have any other code. */
const filtersByCode = Array.from({ length: 100 }, (_, i) => makeFilters(300 + i));

function redirectFilters(code: number): readonly Call[] {
  return filtersByCode[code - 300] ?? makeFilters(code);
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
