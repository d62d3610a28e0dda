// The Prometheus text of all metrics (spec observability 4.2), made by the client library from a reading of the hub. Imported by
// support/metrics.ts at the first scrape: the library takes 40 ms and 20 MB, which a start does not pay.

import { setImmediate } from "node:timers/promises";
import { Registry } from "@prometheus-io/client";
import { METRIC_LIST, type MetricDefinition } from "./metric-names.ts";
import type { HistogramReading, MetricsHub, Series } from "./metrics-hub.ts";
import { inPrometheus, isLabelOff, type MetricsSettings } from "./metrics-settings.ts";
import { registerRuntimeMetrics } from "./runtime-metrics.ts";
import { bucketBounds } from "./worker-metrics.ts";

export const PROMETHEUS_CONTENT_TYPE = "text/plain; version=0.0.4; charset=utf-8; escaping=underscores";

/** Lines made at a time: a scrape of 15,000 routes is 95 MB of text, which is neither held as a whole nor made in one go. */
const BATCH_LINES = 2000;

/** The text of a scrape in pieces, read while they are asked for. */
export interface PrometheusExposition {
  text(): AsyncGenerator<string, void, undefined>;
}

export function prometheusExposition(hub: MetricsHub): PrometheusExposition {
  const { settings } = hub;
  const all = families(settings);
  // The registry makes the text; what it holds itself are the metrics of the runtime.
  const registry = new Registry();
  if (settings.runtimeMetrics) registerRuntimeMetrics(registry, hub);
  return { text: () => exposition(hub, all, registry) };
}

async function* exposition(hub: MetricsHub, all: readonly Family[], registry: Registry): AsyncGenerator<string> {
  for (const family of all) {
    let first = true;
    for (const values of family.batches(hub)) {
      // Its type would demand a metric of the library; it asks for `get` alone.
      const text = await registry.getMetricsAsString(family.metric(values) as never);
      yield `${first ? text : withoutHead(text)}\n`;
      first = false;
      await setImmediate(); // the control plane goes on between batches
    }
  }
  let runtime = "";
  for (const metric of registry.getMetricsAsArray()) {
    runtime += `${await registry.getMetricsAsString(metric as never)}\n`;
  }
  yield runtime;
}

/** The text of a family without its two lines of HELP and TYPE. */
function withoutHead(text: string): string {
  return text.slice(text.indexOf("\n", text.indexOf("\n") + 1) + 1);
}

/** One line of a family as the library takes it. */
interface Value {
  readonly metricName: string;
  readonly labels: Readonly<Record<string, string | number>>;
  readonly value: number;
}

/** All definitions with one name. */
class Family {
  readonly #name: string;
  readonly #definitions: readonly MetricDefinition[];
  readonly #labels: readonly (string | null)[];

  constructor(settings: MetricsSettings, definitions: readonly MetricDefinition[]) {
    const first = definitions[0]!;
    this.#name = `${namespaceOf(settings.prefix)}_${first.prometheus}`;
    this.#definitions = definitions;
    this.#labels = first.labels.map((label) => (isLabelOff(settings, first, label) ? null : label));
  }

  /** The family as the registry takes it. */
  metric(values: readonly Value[]): { get(): unknown } {
    const { help, kind } = this.#definitions[0]!;
    const type = kind === "counter" || kind === "gauge" ? kind : "histogram";
    return { get: () => ({ name: this.#name, help, type, values }) };
  }

  /** All lines, nothing for a family without any; a histogram's lines stay together. */
  *batches(hub: MetricsHub): Generator<Value[]> {
    let values: Value[] = [];
    for (const metric of this.#definitions) {
      const reading = hub.newReading(metric);
      const bounds = bucketBounds(hub.settings, metric);
      for (const series of hub.seriesOf(metric)) {
        if (bounds !== null) this.#addHistogram(hub, series, bounds, reading, values);
        else this.#addValue(hub, series, values);
        if (values.length < BATCH_LINES) continue;
        yield values;
        values = [];
      }
    }
    if (values.length > 0) yield values;
  }

  #addValue(hub: MetricsHub, series: Series, values: Value[]): void {
    if (series.parts.length === 0) return;
    const value = hub.value(series);
    // A vector shows what has been counted; a counter of its own is there from the start.
    if (value === 0 && series.metric.kind === "counter" && series.labels.length > 0) return;
    const labels = this.#labelsOf(series);
    if (hub.settings.startLabel && series.metric.kind === "counter") labels.start = `${series.createdMs}000000`;
    values.push({ metricName: this.#name, labels, value });
  }

  #addHistogram(
    hub: MetricsHub,
    series: Series,
    bounds: readonly number[],
    reading: HistogramReading,
    values: Value[],
  ): void {
    hub.read(series, reading);
    if (reading.count === 0 && series.labels.length > 0) return;
    const labels = this.#labelsOf(series);
    let below = 0;
    for (let i = 0; i <= bounds.length; i++) {
      below += reading.buckets[i]!;
      const le = i < bounds.length ? boundText(bounds[i]!) : "+Inf";
      values.push({ metricName: `${this.#name}_bucket`, labels: { ...labels, le }, value: below });
    }
    // A scrape may fall between the stores of one event: count is what the buckets say.
    values.push({ metricName: `${this.#name}_sum`, labels, value: reading.sum });
    values.push({ metricName: `${this.#name}_count`, labels, value: below });
  }

  #labelsOf(series: Series): Record<string, string> {
    const labels: Record<string, string> = {};
    for (let i = 0; i < this.#labels.length; i++) {
      const name = this.#labels[i];
      if (name !== null && name !== undefined) labels[name] = series.labels[i]!;
    }
    return labels;
  }
}

/**
 * A bound as the clients of other languages write it (`1.048576e+06`): a label is a text, and dashboards add up series of several
 * proxies by it.
 */
export function boundText(bound: number): string {
  const [mantissa, exponent = "0"] = bound.toExponential().split("e");
  const power = Number(exponent);
  if (power >= -4 && power < 6) return String(bound);
  return `${mantissa}e${power < 0 ? "-" : "+"}${String(Math.abs(power)).padStart(2, "0")}`;
}

function families(settings: MetricsSettings): Family[] {
  const byName = new Map<string, MetricDefinition[]>();
  for (const metric of METRIC_LIST) {
    if (!inPrometheus(settings, metric)) continue;
    const list = byName.get(metric.prometheus);
    if (list === undefined) byName.set(metric.prometheus, [metric]);
    else list.push(metric);
  }
  return [...byName.values()].map((definitions) => new Family(settings, definitions));
}

/** The prefix without its trailing dot, as a Prometheus name; `skipper` for an empty one. */
export function namespaceOf(prefix: string): string {
  const name = prefix.endsWith(".") ? prefix.slice(0, -1) : prefix;
  return name === "" ? "skipper" : name.replace(/[^a-zA-Z0-9_:]/g, "_");
}
