// The canonical form of routes (spec eskip 10): all predicates in one sorted list. Two texts mean the same route when their
// canonical forms are equal; JSON output, clone and edit rules and the comparison of route sources work on it.

import { compareBytes } from "./byte-order.ts";
import type { Backend, Call, Route } from "./route.ts";
import { makeRoute } from "./route.ts";

const call = (name: string, ...args: string[]): Call => ({ name, args });

/** The predicates of a route in one list sorted by name. `Any` is gone, as it says nothing. */
function canonicalPredicates(route: Route): Call[] {
  const list = route.predicates.filter((predicate) => predicate.name !== "Any" && predicate.name !== "*");
  if (route.path !== "" && !list.some((predicate) => predicate.name === "Path")) list.push(call("Path", route.path));
  for (const pattern of route.hostRegexps) list.push(call("Host", pattern));
  for (const pattern of route.pathRegexps) list.push(call("PathRegexp", pattern));
  if (route.method !== "") list.unshift(call("Method", route.method));
  const headers = [...route.headers].sort(([a], [b]) => compareBytes(a, b));
  for (const [name, value] of headers) list.push(call("Header", name, value));
  const headerRegexps = [...route.headerRegexps].sort(([a], [b]) => compareBytes(a, b));
  for (const [name, patterns] of headerRegexps) {
    for (const pattern of patterns) list.push(call("HeaderRegexp", name, pattern));
  }
  return list.sort((a, b) => compareBytes(a.name, b.name));
}

function canonicalBackend(backend: Backend): Backend {
  if (backend.type !== "lb") return backend;
  const endpoints = [...backend.endpoints].sort((a, b) => compareBytes(a.address, b.address));
  return { type: "lb", algorithm: backend.algorithm, endpoints };
}

/** The canonical form; that of a canonical form is equal to it. */
export function canonicalRoute(route: Route): Route {
  return makeRoute({
    id: route.id,
    predicates: canonicalPredicates(route),
    filters: route.filters,
    backend: canonicalBackend(route.backend),
  });
}

/** A route that shares nothing changeable with the given one. */
export function copyRoute(route: Route): Route {
  return structuredClone(route);
}

/** True when all routes have equal canonical forms; of no or one route: true. */
export function routesEqual(...routes: readonly (Route | null)[]): boolean {
  for (let i = 1; i < routes.length; i++) if (!pairEqual(routes[i - 1]!, routes[i]!)) return false;
  return true;
}

/** True when both lists hold equal routes in any order. A list that repeats an id equals none, not even itself. */
export function routeListsEqual(a: readonly Route[], b: readonly Route[]): boolean {
  if (a.length !== b.length) return false;
  const byId = (x: Route, y: Route): number => compareBytes(x.id, y.id);
  const left = [...a].sort(byId);
  const right = [...b].sort(byId);
  return left.every(
    (route, i) =>
      (i === 0 || (left[i - 1]!.id !== route.id && right[i - 1]!.id !== right[i]!.id)) && pairEqual(route, right[i]!),
  );
}

/**
 * The form in which `/routes` lists a route: classic predicates in `predicates` move to their slots, `Path` keeps its place in the
 * list (spec route-sources 7). A later `Method`, or `Header` of the same name, wins; the others add up. A classic predicate with
 * wrong arguments stays where it is.
 */
export function normalizeSlots(route: Route): Route {
  if (!route.predicates.some(isSlotCall)) return route;
  const headers = new Map(route.headers);
  const headerRegexps = new Map(route.headerRegexps.map(([name, patterns]) => [name, [...patterns]]));
  const hostRegexps = [...route.hostRegexps];
  const pathRegexps = [...route.pathRegexps];
  let method = route.method;
  for (const predicate of route.predicates) {
    if (!isSlotCall(predicate)) continue;
    const [first, second] = predicate.args as readonly [string, string];
    if (predicate.name === "Host") hostRegexps.push(first);
    else if (predicate.name === "PathRegexp") pathRegexps.push(first);
    else if (predicate.name === "Method") method = first;
    else if (predicate.name === "Header") headers.set(first, second);
    else {
      const patterns = headerRegexps.get(first);
      if (patterns === undefined) headerRegexps.set(first, [second]);
      else patterns.push(second);
    }
  }
  const predicates = route.predicates.filter((predicate) => !isSlotCall(predicate));
  return {
    ...route,
    hostRegexps,
    pathRegexps,
    method,
    headers: [...headers],
    headerRegexps: [...headerRegexps],
    predicates,
  };
}

/** True for a classic predicate other than `Path` with the right arguments. */
function isSlotCall(predicate: Call): boolean {
  switch (predicate.name) {
    case "Host":
    case "PathRegexp":
    case "Method":
      return predicate.args.length === 1 && typeof predicate.args[0] === "string";
    case "Header":
    case "HeaderRegexp":
      return predicate.args.length === 2 && predicate.args.every((arg) => typeof arg === "string");
    default:
      return false;
  }
}

function pairEqual(a: Route | null, b: Route | null): boolean {
  if (a === null || b === null) return a === b;
  return (
    a.id === b.id &&
    callsEqual(canonicalPredicates(a), canonicalPredicates(b)) &&
    callsEqual(a.filters, b.filters) &&
    backendsEqual(canonicalBackend(a.backend), canonicalBackend(b.backend))
  );
}

function callsEqual(a: readonly Call[], b: readonly Call[]): boolean {
  return (
    a.length === b.length &&
    a.every((one, i) => {
      const other = b[i]!;
      return (
        one.name === other.name &&
        one.args.length === other.args.length &&
        one.args.every((arg, k) => arg === other.args[k])
      );
    })
  );
}

function backendsEqual(a: Backend, b: Backend): boolean {
  if (a.type === "network") return b.type === "network" && a.address === b.address;
  if (a.type !== "lb") return a.type === b.type;
  return (
    b.type === "lb" &&
    a.algorithm === b.algorithm &&
    a.endpoints.length === b.endpoints.length &&
    a.endpoints.every((one, i) => one.address === b.endpoints[i]!.address && one.zone === b.endpoints[i]!.zone)
  );
}
