// Routes that lead to another proxy as they are (spec kubernetes 7.9): it has the filters.

import type { Route } from "../eskip/route.ts";

const none: readonly never[] = Object.freeze([]);

/** `url` "" : the route itself. */
export function forwarded(route: Route, url: string): Route {
  return url === "" ? route : { ...route, filters: none, backend: { type: "network", address: url } };
}

/** Routes that are written as shunts stay shunts. */
export function forwardedExtraRoute(route: Route, url: string): Route {
  if (url === "" || route.backend.type !== "shunt") return forwarded(route, url);
  return { ...route, filters: none };
}
