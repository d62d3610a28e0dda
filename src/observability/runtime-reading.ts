// What is known of the process and its JavaScript heaps (spec observability 7). Every thread reports its heap and its pauses for
// garbage collection into its metrics; the main thread reads the sums when it is asked for metrics. Used by codahale.ts and
// runtime-metrics.ts.

import { readdirSync, readFileSync } from "node:fs";
import { PerformanceObserver } from "node:perf_hooks";
import { METRICS } from "./metric-names.ts";
import type { HistogramReading, MetricsHub } from "./metrics-hub.ts";
import type { WorkerMetrics } from "./worker-metrics.ts";

const HEAP_MS = 5000;

/** Reports heap and pauses of this thread until `close`. */
export function reportRuntime(metrics: WorkerMetrics): { close(): void } {
  const heap = metrics.gauge(METRICS.heapUsed, []);
  const heapTotal = metrics.gauge(METRICS.heapTotal, []);
  const pauses = metrics.histogram(METRICS.gcPause, []);
  const last = metrics.gauge(METRICS.gcLast, []);
  const readHeap = (): void => {
    const usage = process.memoryUsage();
    heap.set(usage.heapUsed);
    heapTotal.set(usage.heapTotal);
  };
  readHeap();
  const timer = setInterval(readHeap, HEAP_MS);
  timer.unref();
  const observer = new PerformanceObserver((list) => {
    for (const entry of list.getEntries()) pauses.observe(entry.duration / 1000);
    last.set(Date.now());
  });
  observer.observe({ entryTypes: ["gc"] });
  return {
    close() {
      clearInterval(timer);
      observer.disconnect();
    },
  };
}

export interface RuntimeReading {
  /** Over all threads that report. */
  readonly heapUsedBytes: number;
  readonly heapTotalBytes: number;
  readonly gcCount: number;
  readonly gcSeconds: number;
  /** Milliseconds since 1970, 0 for never. */
  readonly lastGcMs: number;
  readonly residentBytes: number;
  /** Handles and requests of the main thread. */
  readonly activeResources: number;
  readonly threads: number;
}

export function readRuntime(hub: MetricsHub): RuntimeReading {
  const pauses = readPauses(hub);
  return {
    heapUsedBytes: total(hub, METRICS.heapUsed),
    heapTotalBytes: total(hub, METRICS.heapTotal),
    gcCount: pauses.count,
    gcSeconds: pauses.sum,
    lastGcMs: lastGc(hub),
    residentBytes: process.memoryUsage.rss(),
    activeResources: process.getActiveResourcesInfo().length,
    threads: threadCount(),
  };
}

/** The pauses of all threads. */
export function readPauses(hub: MetricsHub): HistogramReading {
  const reading = hub.newReading(METRICS.gcPause);
  for (const series of hub.seriesOf(METRICS.gcPause)) hub.read(series, reading);
  return reading;
}

function total(hub: MetricsHub, metric: (typeof METRICS)["heapUsed"]): number {
  let sum = 0;
  for (const series of hub.seriesOf(metric)) sum += hub.value(series);
  return sum;
}

function lastGc(hub: MetricsHub): number {
  let last = 0;
  for (const series of hub.seriesOf(METRICS.gcLast)) last = Math.max(last, hub.greatest(series));
  return last;
}

/** The threads of the process, 0 where there is no /proc. */
function threadCount(): number {
  try {
    return readdirSync("/proc/self/task").length;
  } catch {
    return 0;
  }
}

/** Bytes that the network of the process's namespace received and sent (/proc/self/net/netstat, IpExt); null without /proc. */
export function networkBytes(): { received: number; sent: number } | null {
  const lines = procFile("/proc/self/net/netstat").split("\n");
  const at = lines.findIndex((line) => line.startsWith("IpExt: "));
  const names = lines[at]?.split(" ");
  const values = lines[at + 1]?.split(" ");
  const value = (name: string): number => Number(values?.[names?.indexOf(name) ?? -1]);
  const received = value("InOctets");
  const sent = value("OutOctets");
  return Number.isNaN(received + sent) ? null : { received, sent };
}

/** The limit of the address space in bytes; without a limit the greatest 64-bit number. Null without /proc. */
export function addressSpaceLimit(): number | null {
  const line = procFile("/proc/self/limits")
    .split("\n")
    .find((text) => text.startsWith("Max address space"));
  const value = line?.slice("Max address space".length).trim().split(" ")[0];
  if (value === undefined) return null;
  return value === "unlimited" ? 2 ** 64 : Number(value);
}

function procFile(path: string): string {
  try {
    return readFileSync(path, "utf8");
  } catch {
    return "";
  }
}
