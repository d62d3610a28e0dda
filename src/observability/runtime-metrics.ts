// Metrics of process and runtime in the Prometheus flavour (spec observability 7): those of the client library (`process_*`,
// `nodejs_*`), those of `process_*` that it lacks, and the `go_*` names that existing dashboards ask for. Called by prometheus.ts.

import { collectDefaultMetrics, type Registry } from "@prometheus-io/client";
import { percentile } from "./codahale.ts";
import type { MetricsHub } from "./metrics-hub.ts";
import { addressSpaceLimit, networkBytes, readPauses, readRuntime } from "./runtime-reading.ts";

/** Milliseconds between measurements of the event loop's delay. */
const EVENT_LOOP_PRECISION_MS = 50;
const MICROSECONDS = 1e6;

export function registerRuntimeMetrics(registry: Registry, hub: MetricsHub): void {
  collectDefaultMetrics({ register: registry, eventLoopMonitoringPrecision: EVENT_LOOP_PRECISION_MS });
  // The library counts from the first scrape on, the name promises the time since the start.
  for (const part of [
    "process_cpu_seconds_total",
    "process_cpu_user_seconds_total",
    "process_cpu_system_seconds_total",
  ]) {
    registry.removeSingleMetric(part);
  }
  const add = (name: string, type: string, help: string, values: () => readonly RuntimeValue[]): void => {
    const head = { name, type, help, aggregator: "sum" };
    // What the registry asks of a metric is `get`; its type would demand a metric of the library.
    registry.registerMetric({ ...head, get: () => ({ ...head, values: values() }) } as never);
  };
  const gauge = (name: string, help: string, value: () => number | null): void => {
    add(name, "gauge", help, () => single(value()));
  };
  const counter = (name: string, help: string, value: () => number | null): void => {
    add(name, "counter", help, () => single(value()));
  };
  counter("process_cpu_seconds_total", "Total user and system CPU time spent in seconds.", () => {
    const { user, system } = process.cpuUsage();
    return (user + system) / MICROSECONDS;
  });
  gauge("go_goroutines", "Active handles and requests of the main thread.", () => readRuntime(hub).activeResources);
  gauge("go_threads", "Threads of the process.", () => readRuntime(hub).threads);
  gauge("go_memstats_heap_inuse_bytes", "Bytes of the JavaScript heaps in use.", () => readRuntime(hub).heapUsedBytes);
  // The number cannot be had without walking the heap; dashboards ask for the name.
  gauge("go_memstats_heap_objects", "Always 0: not known of a JavaScript heap.", () => 0);
  add("go_gc_duration_seconds", "summary", "Pauses for garbage collection, all threads.", () => pauseValues(hub));
  gauge("process_virtual_memory_max_bytes", "Maximum amount of virtual memory available in bytes.", addressSpaceLimit);
  counter(
    "process_network_receive_bytes_total",
    "Number of bytes received by the process over the network.",
    () => networkBytes()?.received ?? null,
  );
  counter(
    "process_network_transmit_bytes_total",
    "Number of bytes sent by the process over the network.",
    () => networkBytes()?.sent ?? null,
  );
}

interface RuntimeValue {
  readonly metricName?: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** A value that cannot be had is not shown. */
function single(value: number | null): RuntimeValue[] {
  return value === null ? [] : [{ labels: {}, value }];
}

const NAME = "go_gc_duration_seconds";
const QUANTILES = [0, 0.25, 0.5, 0.75, 1] as const;

function pauseValues(hub: MetricsHub): RuntimeValue[] {
  const { slots, count, sum, min, max } = readPauses(hub);
  const values: RuntimeValue[] = QUANTILES.map((quantile) => ({
    labels: { quantile },
    value: percentile(slots, count, quantile, min, max),
  }));
  values.push({ metricName: `${NAME}_sum`, labels: {}, value: sum });
  values.push({ metricName: `${NAME}_count`, labels: {}, value: count });
  return values;
}
