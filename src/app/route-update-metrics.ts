// What route updates leave in the metrics (spec route-sources 3.5): gauges of the table, timers of the sources, refused routes.
// A change costs what it changes, however many refused routes stay.

import { METRICS } from "../observability/metric-names.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import type { GaugeHandle } from "../observability/worker-metrics.ts";
import type { InvalidRoute } from "../routing/table-transaction.ts";
import type { RouteMetrics } from "../routing/updater.ts";

export function routeUpdateMetrics(hub: MetricsHub): RouteMetrics {
  const main = hub.main;
  const total = main.customGauge("routes.total");
  const updated = main.customGauge("routes.updated_timestamp");
  const latency = main.customDuration("routes.update_latency");
  const refused = new RefusedRoutes(hub);
  return {
    tableChanged(validRoutes, builtAtMs, latencyMs, { listed, unlisted }) {
      total.set(validRoutes);
      updated.set(Math.floor(builtAtMs / 1000));
      latency.observe(latencyMs / 1000);
      for (const route of listed) refused.add(route, 1);
      for (const route of unlisted) refused.add(route, -1);
    },
    sourceLoaded(initial, name, ms) {
      main.customDuration(`routes.${initial ? "load_all" : "load_update"}.${name}`).observe(ms / 1000);
    },
  };
}

/** 1 for every refused route; 0 again for one that was mended (decisions: invalid-route metric). */
class RefusedRoutes {
  readonly #hub: MetricsHub;
  /** Clones of a route share its gauge, and so does what finds no room for a series of its own. */
  readonly #counts = new Map<GaugeHandle, number>();

  constructor(hub: MetricsHub) {
    this.#hub = hub;
  }

  add({ route, problem }: InvalidRoute, by: 1 | -1): void {
    const gauge = this.#hub.main.gauge(METRICS.routeInvalid, [route.id, problem.reason]);
    const count = (this.#counts.get(gauge) ?? 0) + by;
    if (count === 0) this.#counts.delete(gauge);
    else this.#counts.set(gauge, count);
    gauge.set(count === 0 ? 0 : 1);
  }
}
