// What the Route Server counts (spec routesrv 9), under the names of its Prometheus flavour.

import type { InvalidReason } from "../eskip/diagnostics.ts";
import { METRICS } from "../observability/metric-names.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";

/** The label `route` of the histogram, in the spelling that dashboards know. */
const ROUTE_LABEL = "routersv";

export class ServerMetrics {
  readonly #hub: MetricsHub;
  /** Clones of a route share its gauge. */
  readonly #refused = new Map<string, number>();

  constructor(hub: MetricsHub) {
    this.#hub = hub;
  }

  gauge(key: string, value: number): void {
    this.#hub.main.customGauge(key).set(value);
  }

  count(key: string): void {
    this.#hub.main.customCounter(key).add(1);
  }

  /** An answer of `/routes` or below it, and how long the server worked on it. */
  served(status: number, seconds: number): void {
    const { main } = this.#hub;
    main.customCounter(String(status)).add(1);
    main.histogram(METRICS.backendRoute, [ROUTE_LABEL, "", ""]).observe(seconds);
    main.histogram(METRICS.allBackends, []).observe(seconds);
  }

  /** 1 for every refused route; 0 again for one that was mended. */
  refused(id: string, reason: InvalidReason, by: 1 | -1): void {
    const key = `${id} ${reason}`;
    const count = (this.#refused.get(key) ?? 0) + by;
    if (count === 0) this.#refused.delete(key);
    else this.#refused.set(key, count);
    this.#hub.main.gauge(METRICS.routeInvalid, [id, reason]).set(count === 0 ? 0 : 1);
  }
}
