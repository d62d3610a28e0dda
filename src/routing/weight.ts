// The weight of a route (spec matching 7): it orders the routes of one node, heaviest first.

import type { Call, Route } from "../eskip/route.ts";
import { checkArgs } from "../spec/args.ts";
import type { Registry } from "../spec/registry.ts";

/** Weights beyond are equal: differences of larger numbers, or of infinite ones, would give no order. */
const MAX_WEIGHT = Number.MAX_SAFE_INTEGER;

/**
 * What a last resort weighs less: nothing against whole weights, but it goes behind equal ones. The catch-all routes of hosts from
 * Kubernetes weigh as much as a route that takes every request of the host, and would hide it where their id is the smaller one.
 */
export const LAST_RESORT = 0.25;

/** The weight of a checked route. */
export function routeWeight(route: Route, registry: Registry): number {
  let weight = route.hostRegexps.length + route.pathRegexps.length;
  if (route.method !== "") weight++;
  weight += distinctNames(route.headers) + distinctNames(route.headerRegexps);
  if (route.predicates.length > 0) weight += listWeight(route, registry);
  if (isLastResort(route)) weight -= LAST_RESORT;
  return Math.max(-MAX_WEIGHT, Math.min(MAX_WEIGHT, weight));
}

/** True for a shunt that looks at no path. */
function isLastResort({ backend, path, pathRegexps, predicates }: Route): boolean {
  if (backend.type !== "shunt" || path !== "" || pathRegexps.length > 0) return false;
  return !predicates.some(
    ({ name, args }) => name === "PathRegexp" || ((name === "Path" || name === "PathSubtree") && args[0] !== ""),
  );
}

function distinctNames(entries: readonly (readonly [name: string, ...rest: unknown[]])[]): number {
  if (entries.length < 2) return entries.length;
  const names = new Set<string>();
  for (const [name] of entries) names.add(name.toLowerCase());
  return names.size;
}

/** What the predicates outside of the slots weigh. Of classic ones from other notations the same rules hold as for slots. */
function listWeight(route: Route, registry: Registry): number {
  let weight = 0;
  let hasMethod = route.method !== "";
  let headers: Set<string> | null = null;
  let headerRegexps: Set<string> | null = null;
  for (const call of route.predicates) {
    switch (call.name) {
      case "Path":
      case "PathSubtree":
      case "Any":
      case "*":
        break;
      case "Method":
        if (call.args[0] !== "" && !hasMethod) {
          hasMethod = true;
          weight++;
        }
        break;
      case "Host":
      case "PathRegexp":
        weight++;
        break;
      case "Header":
        headers ??= namesOf(route.headers);
        weight += addName(headers, call);
        break;
      case "HeaderRegexp":
        headerRegexps ??= namesOf(route.headerRegexps);
        weight += addName(headerRegexps, call);
        break;
      default:
        weight += predicateWeight(call, registry);
    }
  }
  return weight;
}

function namesOf(entries: readonly (readonly [name: string, ...rest: unknown[]])[]): Set<string> {
  const names = new Set<string>();
  for (const [name] of entries) names.add(name.toLowerCase());
  return names;
}

function addName(names: Set<string>, call: Call): number {
  const name = String(call.args[0]).toLowerCase();
  if (names.has(name)) return 0;
  names.add(name);
  return 1;
}

function predicateWeight(call: Call, registry: Registry): number {
  if (call.name === "Weight") return Math.trunc(Number(call.args[0]));
  const spec = registry.predicate(call.name);
  if (spec === undefined) return 0;
  if (spec.anyArgs) return spec.weight([]);
  const checked = checkArgs(spec.args, call.args);
  return "values" in checked ? spec.weight(checked.values) : 0;
}
