// What route updates leave in the metrics (spec route-sources 3.5): gauges of the table, timers of the sources, refused routes.

import { METRICS } from "../observability/metric-names.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { RouteMetrics } from "../routing/updater.ts";

export function routeUpdateMetrics(hub: MetricsHub, table: RoutingTable): RouteMetrics {
  const main = hub.main;
  const total = main.customGauge("routes.total");
  const updated = main.customGauge("routes.updated_timestamp");
  const latency = main.customDuration("routes.update_latency");
  let shown = new Map<string, readonly [string, string]>();
  return {
    tableChanged(validRoutes, builtAtMs, latencyMs) {
      total.set(validRoutes);
      updated.set(Math.floor(builtAtMs / 1000));
      latency.observe(latencyMs / 1000);
      shown = showInvalid(hub, table, shown);
    },
    sourceLoaded(initial, name, ms) {
      main.customDuration(`routes.${initial ? "load_all" : "load_update"}.${name}`).observe(ms / 1000);
    },
  };
}

/** 1 for every refused route; 0 again for one that was mended (decisions: invalid-route metric). */
function showInvalid(
  hub: MetricsHub,
  table: RoutingTable,
  before: Map<string, readonly [string, string]>,
): Map<string, readonly [string, string]> {
  const now = new Map<string, readonly [string, string]>();
  for (const { route, problem } of table.invalid())
    now.set(`${route.id} ${problem.reason}`, [route.id, problem.reason]);
  for (const [key, labels] of before) if (!now.has(key)) hub.main.gauge(METRICS.routeInvalid, labels).set(0);
  for (const labels of now.values()) hub.main.gauge(METRICS.routeInvalid, labels).set(1);
  return now;
}
