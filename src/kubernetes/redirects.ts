// Routes that send plain HTTP to HTTPS, and those that keep it from being sent there (spec kubernetes 7.10).

import { type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { NO_REDIRECT_SUFFIX, REDIRECT_ID, REDIRECT_SUFFIX } from "./route-ids.ts";

const PLAIN_HTTP: readonly [name: string, value: string] = ["X-Forwarded-Proto", "http"];
/** Above whatever predicates a route has. */
const HEAVY: Call = { name: "Weight", args: [1000] };

/** The copy of a route that redirects. A RouteGroup's is as heavy as its route and one more. */
export function redirectRoute(route: Route, code: number, isHeavy = true): Route {
  return {
    ...plainHttp(route, isHeavy),
    id: route.id + REDIRECT_SUFFIX,
    filters: [redirectTo(code)],
    backend: shuntBackend,
  };
}

/** The copy of a route that serves plain HTTP although other routes redirect. */
export function undirectedRoute(route: Route): Route {
  return { ...plainHttp(route, true), id: route.id + NO_REDIRECT_SUFFIX };
}

/** For every host without a better route. */
export function globalRedirectRoute(code: number): Route {
  return makeRoute({
    id: REDIRECT_ID,
    headers: [PLAIN_HTTP],
    predicates: [HEAVY],
    filters: [redirectTo(code)],
    backend: shuntBackend,
  });
}

function plainHttp(route: Route, isHeavy: boolean): Route {
  return {
    ...route,
    headers: [...route.headers, PLAIN_HTTP],
    predicates: isHeavy ? [...route.predicates, HEAVY] : route.predicates,
  };
}

function redirectTo(code: number): Call {
  return { name: "redirectTo", args: [code, "https:"] };
}

/** True when the route looks at X-Forwarded-Proto itself. */
export function looksAtProtocol(route: Route): boolean {
  const [name] = PLAIN_HTTP;
  return (
    route.headers.some(([header]) => header === name) ||
    route.headerRegexps.some(([header]) => header === name) ||
    route.predicates.some((call) => (call.name === "Header" || call.name === "HeaderRegexp") && call.args[0] === name)
  );
}
