// What `eskip check` looks at (spec eskip-cli 5), and beyond the spec: names and arguments of filters and predicates against those
// that ship. The command cannot know what plugins add, so these findings are warnings unless -strict makes them failures, and an
// unknown name that resembles no known one is only reported with -strict.

import { locateCall } from "../eskip/locate.ts";
import { lineAndColumn } from "../eskip/parse-error.ts";
import { type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { suggest } from "../eskip/suggest.ts";
import type { Registry } from "../spec/registry.ts";
import type { LoadedRoute } from "./eskip-store.ts";

/** The check of one route that the proxy does as well: its first problem, with what the fixed text leaves out. */
export type CheckRoute = (
  route: Route,
  registry: Registry,
) => { readonly text: string; readonly detail: string } | null;

/** The first fault that fails the check, "" when there is none. */
export function findFault(routes: readonly LoadedRoute[]): string {
  for (const { route } of routes) {
    if (route.backend.type === "network" && route.backend.address === "") return `route has empty backend: ${route.id}`;
  }
  const ids = new Set<string>();
  for (const { route } of routes) {
    if (ids.has(route.id)) return `repeating route with id ${route.id}`;
    ids.add(route.id);
  }
  return "";
}

/** One line for each finding that would keep a route out of the proxy's table. */
export function findWarnings(
  routes: readonly LoadedRoute[],
  registry: Registry,
  checkRoute: CheckRoute,
  strict: boolean,
): string[] {
  const filterNames = Array.from(registry.filters, (spec) => spec.name);
  const predicateNames = [...classicNames, ...Array.from(registry.predicates, (spec) => spec.name)];
  const lines: string[] = [];
  for (const loaded of routes) {
    const { route } = loaded;
    const predicates: Call[] = [];
    const filters: Call[] = [];
    const reportUnknown = (kind: string, name: string, names: readonly string[]): void => {
      const near = suggest(name, names);
      if (near === "" && !strict) return;
      const question = near === "" ? "" : `, did you mean "${near}"?`;
      lines.push(`${place(loaded, name)}: unknown_${kind}: ${kind} "${name}" not found${question}`);
    };
    for (const call of route.predicates) {
      if (registry.predicate(call.name) !== undefined) predicates.push(call);
      else reportUnknown("predicate", call.name, predicateNames);
    }
    for (const call of route.filters) {
      if (registry.filter(call.name) !== undefined) filters.push(call);
      else reportUnknown("filter", call.name, filterNames);
    }
    for (const { name, text } of findProblems({ ...route, predicates, filters }, registry, checkRoute)) {
      lines.push(`${place(loaded, name)}: ${text}`);
    }
  }
  return lines;
}

const classicNames = ["Path", "Host", "PathRegexp", "Method", "Header", "HeaderRegexp"];

interface Problem {
  /** The filter or predicate, "" when it is about the route as a whole. */
  readonly name: string;
  readonly text: string;
}

/** All problems of a route whose names are known. The check gives the first only, so each call is checked alone as well. */
function findProblems(route: Route, registry: Registry, checkRoute: CheckRoute): Problem[] {
  const first = checkRoute(route, registry);
  if (first === null) return [];
  const problems: Problem[] = [];
  const checkAlone = (call: Call, fields: Partial<Route>): void => {
    const found = checkRoute(makeRoute({ id: route.id, backend: shuntBackend, ...fields }), registry);
    if (found !== null) problems.push({ name: call.name, text: textOf(found) });
  };
  for (const call of route.predicates) checkAlone(call, { predicates: [call] });
  for (const call of route.filters) checkAlone(call, { filters: [call] });
  // The backend is looked at before the patterns, so once with it and once without.
  for (const backend of [route.backend, shuntBackend]) {
    const found = checkRoute({ ...route, filters: [], backend }, registry);
    if (found === null || problems.some(({ text }) => text === textOf(found))) continue;
    problems.push({ name: "", text: textOf(found) });
  }
  return problems;
}

function textOf({ text, detail }: { readonly text: string; readonly detail: string }): string {
  return detail === "" ? text : `${text} (${detail})`;
}

/** Route id and line:column of a name in the route's text, of the route itself when there is no name. */
function place({ route, bytes, start, end }: LoadedRoute, name: string): string {
  const found = name === "" ? -1 : locateCall(bytes, start, end, name);
  const { line, column } = lineAndColumn(bytes, found < 0 ? start : found);
  return route.id === "" ? `${line}:${column}` : `route ${route.id} ${line}:${column}`;
}
