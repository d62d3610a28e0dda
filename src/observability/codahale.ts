// The codahale JSON of all metrics (spec observability 4.1), the default flavour. Made once by app/, asked by support/metrics.ts.
// Timers have no sample of single values: percentiles come from the log scale that the threads count in (log-scale.ts), over all
// events or, with a decaying sample, over those of the last minutes. A value is within 7 % of the exact one.

import { slotStart } from "./log-scale.ts";
import { hostLabel, METRIC_LIST, METRICS, type MetricDefinition } from "./metric-names.ts";
import type { HistogramReading, MetricsHub, Series } from "./metrics-hub.ts";
import { inCodahale, isLabelOff } from "./metrics-settings.ts";
import { readRuntime } from "./runtime-reading.ts";

export const CODAHALE_CONTENT_TYPE = "text/plain; charset=utf-8";

const TICK_MS = 5000;
const SECONDS_A_TICK = TICK_MS / 1000;
const NS = 1e9;
/** Weight of an event after a tick in a decaying sample with alpha 0.015 a second. */
const DECAY = Math.exp(-0.015 * SECONDS_A_TICK);
const MINUTES = [1, 5, 15] as const;
const RATE_ALPHAS = MINUTES.map((minutes) => 1 - Math.exp(-SECONDS_A_TICK / 60 / minutes));

/** What is kept of a timer from tick to tick. */
interface TimerHistory {
  count: number;
  /** Events a second over 1, 5 and 15 minutes; null before the first tick. */
  rates: number[] | null;
  /** With a decaying sample: slots as read at the last tick, and as they weigh now. */
  seen: Float64Array | null;
  decayed: Float64Array | null;
}

export class Codahale {
  readonly #hub: MetricsHub;
  readonly #metrics: readonly MetricDefinition[];
  readonly #histories = new WeakMap<Series, TimerHistory>();
  readonly #readings = new Map<MetricDefinition, HistogramReading>();
  readonly #timer: NodeJS.Timeout;

  constructor(hub: MetricsHub) {
    this.#hub = hub;
    this.#metrics = METRIC_LIST.filter((metric) => inCodahale(hub.settings, metric));
    this.#timer = setInterval(() => this.tick(), TICK_MS);
    this.#timer.unref();
  }

  close(): void {
    clearInterval(this.#timer);
  }

  /** Brings the rates up to date; called every 5 s. */
  tick(): void {
    for (const metric of this.#metrics) {
      if (metric.kind === "duration") for (const series of this.#hub.seriesOf(metric)) this.#tickTimer(series);
    }
  }

  /**
   * The JSON of all metrics for "", else of the one with this key, with or without prefix, else of those whose key begins with it;
   * null when there is none.
   */
  json(key: string): string | null {
    const { prefix } = this.#hub.settings;
    const all = this.#entries();
    const exact = key === "" ? undefined : all.find((entry) => entry.key === key || entry.key === prefix + key);
    if (exact !== undefined) return familiesJson([{ ...exact, key }]);
    const found = all.filter((entry) => entry.key.startsWith(key));
    return found.length === 0 && key !== "" ? null : familiesJson(found);
  }

  #entries(): Entry[] {
    const entries: Entry[] = [];
    const { prefix, runtimeMetrics, debugGcMetrics } = this.#hub.settings;
    for (const metric of this.#metrics) {
      for (const series of this.#hub.seriesOf(metric)) {
        const entry = this.#entry(metric, series, prefix + this.#key(series));
        if (entry !== null) entries.push(entry);
      }
    }
    if (runtimeMetrics) this.#addRuntime(prefix, entries);
    if (debugGcMetrics) this.#addGarbageCollections(prefix, entries);
    return entries;
  }

  /** The values of the Go runtime that this one has, too, under their names; the others are 0. */
  #addRuntime(prefix: string, entries: Entry[]): void {
    const runtime = readRuntime(this.#hub);
    const values: Record<string, number> = {
      ...Object.fromEntries(UNKNOWN_MEM_STATS.map((name) => [`MemStats.${name}`, 0])),
      "MemStats.HeapAlloc": runtime.heapUsedBytes,
      "MemStats.HeapInuse": runtime.heapUsedBytes,
      "MemStats.HeapSys": runtime.heapTotalBytes,
      "MemStats.LastGC": runtime.lastGcMs * 1e6,
      "MemStats.NumGC": runtime.gcCount,
      "MemStats.PauseTotalNs": Math.round(runtime.gcSeconds * NS),
      "MemStats.Sys": runtime.residentBytes,
      NumCgoCall: 0,
      NumGoroutine: runtime.activeResources,
      NumThread: runtime.threads,
    };
    addGauges(entries, `${prefix}runtime.`, values);
    this.#addPauses(entries, `${prefix}runtime.MemStats.PauseNs`);
  }

  /** -debug-gc-metrics: once more what is known of garbage collections, under the names of Go's statistics. */
  #addGarbageCollections(prefix: string, entries: Entry[]): void {
    const { lastGcMs, gcCount, gcSeconds } = readRuntime(this.#hub);
    const values = { LastGC: lastGcMs * 1e6, NumGC: gcCount, PauseTotal: Math.round(gcSeconds * NS) };
    addGauges(entries, `${prefix}debug.GCStats.`, values);
    this.#addPauses(entries, `${prefix}debug.GCStats.Pause`);
  }

  #addPauses(entries: Entry[], key: string): void {
    for (const series of this.#hub.seriesOf(METRICS.gcPause)) {
      entries.push({ family: "histograms", key, values: () => this.#sampleValues(series) });
    }
  }

  #entry(metric: MetricDefinition, series: Series, key: string): Entry | null {
    const hub = this.#hub;
    if (metric.kind === "gauge") {
      if (series.parts.length === 0) return null;
      return { family: "gauges", key, values: () => ({ value: hub.value(series) }) };
    }
    if (metric.kind === "counter") {
      const count = hub.value(series);
      return count > 0 && Number.isInteger(count) ? { family: "counters", key, values: () => ({ count }) } : null;
    }
    if (hub.count(series) === 0) return null;
    return { family: "timers", key, values: () => this.#timerValues(series) };
  }

  /** The key of a series: its labels' values in the places of the definition's pattern. */
  #key(series: Series): string {
    const { metric } = series;
    let key = metric.codahale;
    for (let i = 0; i < metric.labels.length; i++) {
      const label = metric.labels[i]!;
      const off = isLabelOff(this.#hub.settings, metric, label);
      key = key.replace(`[.<${label}>]`, () => (off ? "" : `.${series.labels[i]}`));
      // Prometheus has the host of a backend as it is.
      const value = metric === METRICS.backendHost ? hostLabel(series.labels[i]!) : series.labels[i]!;
      key = key.replace(`<${label}>`, () => value);
    }
    return key;
  }

  #timerValues(series: Series): Values {
    const { rates } = this.#history(series);
    const [oneMinute = 0, fiveMinutes = 0, fifteenMinutes = 0] = rates ?? [];
    const sample = this.#sampleValues(series);
    const ageSeconds = Math.max((Date.now() - series.createdMs) / 1000, 0.001);
    return {
      ...sample,
      "1m.rate": oneMinute,
      "5m.rate": fiveMinutes,
      "15m.rate": fifteenMinutes,
      "mean.rate": this.#hub.count(series) / ageSeconds,
    };
  }

  #sampleValues(series: Series): Values {
    const reading = this.#read(series);
    const history = this.#history(series);
    const slots = history.decayed === null ? reading.slots : this.#decayedNow(reading, history);
    const total = slots.reduce((sum, count) => sum + count, 0);
    const at = (p: number): number => percentile(slots, total, p, reading.min, reading.max) * NS;
    const mean = reading.count === 0 ? 0 : reading.sum / reading.count;
    const variance = reading.count === 0 ? 0 : Math.max(0, reading.sumOfSquares / reading.count - mean * mean);
    return {
      count: Math.round(reading.count),
      min: Math.round(reading.min * NS),
      max: Math.round(reading.max * NS),
      mean: mean * NS,
      stddev: Math.sqrt(variance) * NS,
      median: at(0.5),
      "75%": at(0.75),
      "95%": at(0.95),
      "99%": at(0.99),
      "99.9%": at(0.999),
    };
  }

  #tickTimer(series: Series): void {
    const history = this.#history(series);
    const count = this.#hub.count(series);
    const rate = (count - history.count) / SECONDS_A_TICK;
    history.count = count;
    const rates = history.rates;
    if (rates === null) history.rates = [rate, rate, rate];
    else for (let i = 0; i < rates.length; i++) rates[i]! += RATE_ALPHAS[i]! * (rate - rates[i]!);
    const { seen, decayed } = history;
    if (seen === null || decayed === null) return;
    const { slots } = this.#read(series);
    for (let i = 0; i < slots.length; i++) {
      decayed[i] = decayed[i]! * DECAY + slots[i]! - seen[i]!;
      seen[i] = slots[i]!;
    }
  }

  /** The decayed slots with the events since the last tick. */
  #decayedNow(reading: HistogramReading, history: TimerHistory): Float64Array {
    return reading.slots.map((count, i) => history.decayed![i]! + count - history.seen![i]!);
  }

  #read(series: Series): HistogramReading {
    let reading = this.#readings.get(series.metric);
    if (reading === undefined) {
      reading = this.#hub.newReading(series.metric);
      this.#readings.set(series.metric, reading);
    }
    this.#hub.read(series, reading);
    return reading;
  }

  #history(series: Series): TimerHistory {
    let history = this.#histories.get(series);
    if (history === undefined) {
      const size = this.#hub.settings.decayingSample ? this.#read(series).slots.length : 0;
      const slots = (): Float64Array | null => (size === 0 ? null : new Float64Array(size));
      history = { count: 0, rates: null, seen: slots(), decayed: slots() };
      this.#histories.set(series, history);
    }
    return history;
  }
}

const FAMILIES = ["counters", "gauges", "histograms", "timers"] as const;

type Values = Readonly<Record<string, number>>;

interface Entry {
  readonly family: (typeof FAMILIES)[number];
  readonly key: string;
  /** Made only for what is asked for. */
  readonly values: () => Values;
}

function addGauges(entries: Entry[], prefix: string, values: Values): void {
  for (const name of Object.keys(values)) {
    entries.push({ family: "gauges", key: prefix + name, values: () => ({ value: values[name]! }) });
  }
}

/** What the Go runtime counts and this one has not. */
const UNKNOWN_MEM_STATS = [
  "Alloc BuckHashSys DebugGC EnableGC Frees GCCPUFraction HeapIdle HeapObjects HeapReleased Lookups MCacheInuse MCacheSys",
  "MSpanInuse MSpanSys Mallocs NextGC StackInuse StackSys TotalAlloc",
].flatMap((line) => line.split(" "));

/** Families, keys and members in the order of their names; a family without metrics is left out. */
function familiesJson(entries: readonly Entry[]): string {
  let out = "";
  for (const family of FAMILIES) {
    const members = entries.filter((entry) => entry.family === family).sort((a, b) => (a.key < b.key ? -1 : 1));
    if (members.length === 0) continue;
    const texts = members.map((entry) => `${JSON.stringify(entry.key)}:${valuesJson(entry.values())}`);
    out += `${out === "" ? "" : ","}"${family}":{${texts.join(",")}}`;
  }
  return `{${out}}\n`;
}

function valuesJson(values: Values): string {
  const names = Object.keys(values).sort();
  return `{${names.map((name) => `"${name}":${JSON.stringify(values[name])}`).join(",")}}`;
}

/** The value at position p x (n + 1) of `total` events in slots: linear within a slot, never outside min and max. */
export function percentile(slots: Float64Array, total: number, p: number, min: number, max: number): number {
  if (total === 0) return 0;
  const position = p * (total + 1);
  if (position < 1) return min;
  if (position >= total) return max;
  let before = 0;
  for (let i = 0; i < slots.length; i++) {
    const count = slots[i]!;
    if (before + count >= position) {
      const start = slotStart(i);
      const value = start + ((slotStart(i + 1) - start) * (position - before)) / count;
      return Math.min(Math.max(value, min), max);
    }
    before += count;
  }
  return max;
}
