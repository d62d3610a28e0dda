// Pre-processors that only look at the filters of a route (spec route-sources 4.2 and 4.4).

import type { Call, Route } from "../../eskip/route.ts";
import type { PreProcessor } from "../../spec/processor.ts";

/** Puts filters before and after those of every route. */
export function defaultFilters(prepend: readonly Call[], append: readonly Call[]): PreProcessor {
  if (prepend.length + append.length === 0) return (route) => route;
  return (route) => ({ ...route, filters: [...prepend, ...route.filters, ...append] });
}

/** Keeps only the last filter of this name in each route. */
export function lastOnly(name: string): (route: Route) => Route {
  return (route) => {
    let count = 0;
    for (const filter of route.filters) if (filter.name === name) count++;
    if (count < 2) return route;
    return { ...route, filters: route.filters.filter((filter) => filter.name !== name || --count === 0) };
  };
}

/** Makes every `<forward>` route one to this address, without filters. */
export function forwardTo(address: string): (route: Route) => Route {
  const backend = { type: "network", address } as const;
  return (route) => (route.backend.type === "forward" ? { ...route, filters: [], backend } : route);
}
