// Changed copies of routes. Where nothing changes the route itself is given back, so that a cluster of many routes stays small.

import type { Call, Route } from "../eskip/route.ts";

export function appendPredicates(route: Route, calls: readonly Call[]): Route {
  return calls.length === 0 ? route : { ...route, predicates: joined(route.predicates, calls) };
}

export function appendFilters(route: Route, calls: readonly Call[]): Route {
  return calls.length === 0 ? route : { ...route, filters: joined(route.filters, calls) };
}

/** The lists one behind the other; a list that is alone is shared. */
export function joined(...lists: readonly (readonly Call[])[]): readonly Call[] {
  const filled = lists.filter((list) => list.length > 0);
  return filled.length > 1 ? filled.flat() : (filled[0] ?? none);
}

const none: readonly never[] = Object.freeze([]);

/** A copy for another host: its Host predicates, however they are written, give way to the pattern. */
export function withHost(route: Route, id: string, hostRegexps: readonly string[]): Route {
  const predicates = route.predicates.some(isHost)
    ? route.predicates.filter((call) => !isHost(call))
    : route.predicates;
  return { ...route, id, hostRegexps, predicates };
}

function isHost(call: Call): boolean {
  return call.name === "Host";
}
