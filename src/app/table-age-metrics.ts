// The age and the source of the tables of -routes-urls, as gauges. With several the oldest counts.

import type { TableAge } from "../data-clients/table-age.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import type { TableOrigin } from "../support/routes.ts";

const PERIOD_MS = 1000;
const SOURCES = ["routes-url", "cache-file", "kubernetes"] as const;

/** What is known of the tables at the moment; null where there are none. */
export function tableOrigin(ages: readonly TableAge[]): (() => TableOrigin) | null {
  if (ages.length === 0) return null;
  return () => ({
    sources: [...new Set(ages.map(({ source }) => source))],
    seconds: Math.max(...ages.map(({ seconds }) => seconds)),
  });
}

/** Keeps the gauges up to date. */
export function showTableOrigin(origin: () => TableOrigin, hub: MetricsHub): { stop(): void } {
  const age = hub.main.customGauge("routes.source_age");
  const gauges = SOURCES.map((source) => ({ source, gauge: hub.main.customGauge(`routes.source.${source}`) }));
  const show = () => {
    const { sources, seconds } = origin();
    age.set(seconds);
    for (const { source, gauge } of gauges) gauge.set(sources.includes(source) ? 1 : 0);
  };
  show();
  const timer = setInterval(show, PERIOD_MS).unref();
  return { stop: () => clearInterval(timer) };
}
