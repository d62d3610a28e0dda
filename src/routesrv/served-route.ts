// A route as it is served: its line of the text, and other lines for the zones in which it has fewer endpoints (spec routesrv 2.1, 4).
// Printed once, when the route changes; texts, zone texts and deltas are made of these lines.

import { normalizeSlots } from "../eskip/canonical.ts";
import { printExpression } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { endpointsOfZone, isZoneUnaware } from "../eskip/zones.ts";

export interface ServedRoute {
  readonly id: string;
  /** `id: expression;` */
  readonly line: string;
  /** Every zone of its endpoints, each once. */
  readonly zones: readonly string[];
  /** The lines of the zones where it is another one; null when it is the same everywhere. */
  readonly zoneLines: ReadonlyMap<string, string> | null;
}

/** `id` is that under which the route is known, without the marks of clones. */
export function serveRoute(id: string, given: Route): ServedRoute {
  const route = normalizeSlots(given);
  const line = lineOf(id, route);
  const { backend } = route;
  if (backend.type !== "lb") return { id, line, zones: none, zoneLines: null };
  const zones = [...new Set(backend.endpoints.map(({ zone }) => zone))].filter((zone) => zone !== "");
  if (zones.length === 0 || isZoneUnaware(route)) return { id, line, zones, zoneLines: null };
  const lines = new Map<string, string>();
  for (const zone of zones) {
    const endpoints = endpointsOfZone(backend.endpoints, zone);
    if (endpoints.length === backend.endpoints.length) continue;
    lines.set(zone, lineOf(id, { ...route, backend: { ...backend, endpoints } }));
  }
  return { id, line, zones, zoneLines: lines.size === 0 ? null : lines };
}

/** The line of a route in the table of a zone; `zone` "" for the full table. */
export function lineInZone(route: ServedRoute, zone: string): string {
  return route.zoneLines?.get(zone) ?? route.line;
}

function lineOf(id: string, route: Route): string {
  return `${id}: ${printExpression(route)};`;
}

const none: readonly never[] = Object.freeze([]);
