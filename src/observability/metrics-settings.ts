// The settings of the metric flags (spec observability 3 to 5), made once by config/ and sent to every worker.

import type { BucketList, MetricDefinition, MetricSwitch } from "./metric-names.ts";

export interface MetricsSettings {
  readonly codahale: boolean;
  readonly prometheus: boolean;
  /** As given (`skipper.`); the codahale prefix. The Prometheus namespace is it without the trailing dot. */
  readonly prefix: string;
  /** The switched metrics that are on, compatibility rule applied. */
  readonly on: Readonly<Record<MetricSwitch, boolean>>;
  /** Whether serve metrics carry method and status code. */
  readonly serveMethod: boolean;
  readonly serveStatusCode: boolean;
  /** Upper bounds of the buckets, ascending. */
  readonly buckets: Readonly<Record<BucketList, readonly number[]>>;
  /** Codahale timers forget: an exponentially decaying sample instead of all events. */
  readonly decayingSample: boolean;
  /** Label `start` on Prometheus counters. */
  readonly startLabel: boolean;
  readonly runtimeMetrics: boolean;
  /** Garbage collections among the codahale metrics. */
  readonly debugGcMetrics: boolean;
  readonly compress: boolean;
}

export const DEFAULT_BUCKETS: Readonly<Record<BucketList, readonly number[]>> = {
  duration: [0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10],
  responseSize: [1, 512, 1024, 524288, 1048576, 536870912, 1073741824],
  requestSize: [4096, 8192, 16384, 65536],
};

/** The switches that are on unless `-disable-metrics-compat` is given. */
const COMPATIBLE: readonly MetricSwitch[] = [
  "allFilters",
  "routeResponse",
  "routeBackendErrors",
  "routeStreamErrors",
  "routeBackend",
];

/** Every switch as its flag says, or on by the compatibility rule. */
export function metricSwitches(
  flags: Readonly<Partial<Record<MetricSwitch, boolean>>>,
  disableCompat: boolean,
): Record<MetricSwitch, boolean> {
  const on: Record<MetricSwitch, boolean> = {
    allFilters: false,
    routeBackend: false,
    backendHost: false,
    backendZone: false,
    routeBackendErrors: false,
    routeStreamErrors: false,
    routeResponse: false,
    combinedResponse: false,
    serveRoute: false,
    serveHost: false,
    serveRouteCounter: false,
    serveHostCounter: false,
    proxyRequest: false,
    proxyResponse: false,
    ...flags,
  };
  if (!disableCompat) for (const name of COMPATIBLE) on[name] = true;
  return on;
}

/** The settings of a process without any metric flag. */
export function defaultMetricsSettings(): MetricsSettings {
  return {
    codahale: true,
    prometheus: false,
    prefix: "skipper.",
    on: metricSwitches({}, false),
    serveMethod: true,
    serveStatusCode: true,
    buckets: DEFAULT_BUCKETS,
    decayingSample: false,
    startLabel: false,
    runtimeMetrics: true,
    debugGcMetrics: false,
    compress: true,
  };
}

/** Whether the metric is in the codahale flavour of this process. */
export function inCodahale(settings: MetricsSettings, metric: MetricDefinition): boolean {
  return settings.codahale && metric.codahale !== "" && (metric.on === "" || settings.on[metric.on]);
}

/** Whether the metric is in the Prometheus flavour of this process. */
export function inPrometheus(settings: MetricsSettings, metric: MetricDefinition): boolean {
  return (
    settings.prometheus &&
    metric.prometheus !== "" &&
    (metric.on === "" || metric.prometheusAlways || settings.on[metric.on])
  );
}

/** Whether threads report heap and garbage collections. */
export function reportsRuntime(settings: MetricsSettings): boolean {
  return settings.runtimeMetrics || settings.debugGcMetrics;
}

/** The serve timers may go without method or status code. */
export function isLabelOff(settings: MetricsSettings, metric: MetricDefinition, label: string): boolean {
  if (metric.on !== "serveRoute" && metric.on !== "serveHost") return false;
  return (label === "method" && !settings.serveMethod) || (label === "code" && !settings.serveStatusCode);
}
