// What `eskip check` looks at (spec eskip-cli 5), and beyond the spec: names and arguments of filters and predicates against those
// that ship or come from the plugins that flags name. Other plugins may add more, so these findings are warnings unless -strict makes them
// failures, and an unknown name that resembles no known one is only reported with -strict.

import { locateCalls } from "../eskip/locate.ts";
import { lineAndColumn } from "../eskip/parse-error.ts";
import { type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import type { Registry } from "../spec/registry.ts";
import type { LoadedRoute } from "./eskip-store.ts";

/** The check of one route that the proxy does as well: its first problem, with what the fixed text leaves out. */
export type CheckRoute = (
  route: Route,
  registry: Registry,
) => { readonly text: string; readonly detail: string } | null;

/** The first fault that fails the check and where it is, null when there is none. */
export function findFault(routes: readonly LoadedRoute[]): { readonly message: string; readonly place: string } | null {
  for (const loaded of routes) {
    const { id, backend } = loaded.route;
    if (backend.type !== "network" || backend.address !== "") continue;
    return { message: `route has empty backend: ${id}`, place: placeText(loaded, loaded.start) };
  }
  const ids = new Set<string>();
  for (const loaded of routes) {
    const { id } = loaded.route;
    if (ids.has(id)) return { message: `repeating route with id ${id}`, place: placeText(loaded, loaded.start) };
    ids.add(id);
  }
  return null;
}

/** One line for each finding that would keep a route out of the proxy's table. */
export function findWarnings(
  routes: readonly LoadedRoute[],
  registry: Registry,
  checkRoute: CheckRoute,
  strict: boolean,
): string[] {
  const lines: string[] = [];
  for (const loaded of routes) {
    const { route } = loaded;
    if (checkRoute(route, registry) === null) continue;
    const told = new Set<string>();
    const report = (place: number, problem: ReturnType<CheckRoute>): void => {
      if (problem === null) return;
      told.add(problem.text);
      lines.push(`${placeText(loaded, place)}: ${textOf(problem, route.id)}`);
    };
    // The check gives the first problem only, so each call is checked alone as well.
    const known: { predicates: Call[]; filters: Call[] } = { predicates: [], filters: [] };
    for (const { kind, call, place } of placedCalls(loaded)) {
      const list = `${kind}s` as const;
      const problem = checkRoute(makeRoute({ id: route.id, backend: shuntBackend, [list]: [call] }), registry);
      const isKnown = registry[kind](call.name) !== undefined;
      if (isKnown) known[list].push(call);
      if (isKnown || strict || problem?.detail !== "") report(place, problem);
    }
    // What is left: the backend, the patterns, and predicates that do not go together.
    const bare = { ...route, filters: [], predicates: [] };
    const shunt = { ...bare, backend: shuntBackend };
    for (const part of [bare, shunt, { ...shunt, predicates: known.predicates }]) {
      const problem = checkRoute(part, registry);
      if (problem !== null && !told.has(problem.text)) report(loaded.start, problem);
    }
  }
  return lines;
}

interface PlacedCall {
  readonly kind: "predicate" | "filter";
  readonly call: Call;
  readonly place: number;
}

/** Predicates without slots and filters of a route with their byte offsets, in the order of the text. */
function placedCalls({ route, bytes, start, end }: LoadedRoute): PlacedCall[] {
  const places = locateCalls(bytes, start, end);
  const filters = places.splice(places.length - route.filters.length);
  const placed: PlacedCall[] = [];
  // The others are classic predicates, which are in their slots, or `Any`, which is dropped.
  for (const { name, place } of places) {
    const call = route.predicates[placed.length];
    if (call?.name === name) placed.push({ kind: "predicate", call, place });
  }
  for (const [i, call] of route.filters.entries()) placed.push({ kind: "filter", call, place: filters[i]!.place });
  return placed;
}

function textOf({ text, detail }: { readonly text: string; readonly detail: string }, id: string): string {
  // The number of the route in the table, which there is none of here.
  const plain = text.startsWith(`${id} [0]: `) ? `invalid_matcher: ${text.slice(id.length + 6)}` : text;
  return detail === "" ? plain : `${plain} (${detail})`;
}

/** Route id and line:column of a byte offset. */
function placeText({ route, bytes }: LoadedRoute, place: number): string {
  const { line, column } = lineAndColumn(bytes, place);
  return route.id === "" ? `${line}:${column}` : `route ${route.id} ${line}:${column}`;
}
