// The proxy behind the debug listener: the same table, connections and clock as the real one, but routes that count nothing, no
// request wrappers and no timeouts (spec proxy 1 and 17). Called by worker.ts.

import { requestHeadLimits } from "../http/h1/limits.ts";
import { RequestMetrics } from "../observability/request-metrics.ts";
import { newMetricCells, WorkerMetrics } from "../observability/worker-metrics.ts";
import type { Proxy, ProxyOptions } from "../proxy/proxy.ts";
import { RouteBuilder, type RouteBuilderOptions } from "../proxy/route-builder.ts";
import { TableReader } from "../routing/reader.ts";
import type { TableGeneration } from "../routing/table-generation.ts";
import type { FilterEnv } from "../spec/env.ts";
import type { WorkerSettings } from "./worker-settings.ts";

const MAX_HEADER_BYTES = 1_048_576;
/** Room for numbers that nobody reads; what goes beyond shares one series. */
const CELLS = 1 << 16;
const nothing = (): void => {};
/** What goes through this proxy calls no backend, and neither do its copies. */
const noCopy: FilterEnv["routeCopy"] = async () => ({ outcome: "dropped", status: 0 });

export function debugProxy(
  proxy: Proxy,
  routes: RouteBuilderOptions,
  settings: WorkerSettings,
  generation: TableGeneration,
): Proxy {
  const metrics = new RequestMetrics(new WorkerMetrics(settings.metrics, newMetricCells(CELLS), nothing));
  const builder = new RouteBuilder({
    ...routes,
    metrics,
    filterEnv: { ...routes.filterEnv, count: nothing, routeCopy: noCopy },
    balancerEnv: { ...routes.balancerEnv, count: nothing },
  });
  return {
    ...proxy,
    options: debugOptions(proxy.options),
    headLimits: requestHeadLimits(MAX_HEADER_BYTES),
    table: new TableReader(
      (route) => builder.build(route),
      { ignoreTrailingSlash: settings.ignoreTrailingSlash },
      generation,
    ),
    metrics,
    forwarded: null,
    debug: true,
  };
}

function debugOptions(options: ProxyOptions): ProxyOptions {
  const never = Number.POSITIVE_INFINITY;
  return {
    ...options,
    readTimeoutMs: never,
    readHeaderTimeoutMs: never,
    writeTimeoutMs: never,
    idleTimeoutMs: never,
    keepAliveMs: never,
    keepAliveRequests: never,
    maxContentLength: never,
    validateQuery: false,
    validateQueryLog: false,
    refusePayload: [],
    normalizeHost: false,
    upgrade: false,
  };
}
