// The metrics of the whole process, in the main thread: it knows every series of every worker and adds them up when someone asks.
// runtime/ gives each worker its cells and passes on what it announces; codahale.ts and prometheus.ts print. What a worker counted
// stays when it ends: its cells are added to the main thread's own, so counters never fall.

import { BLOCK_CELLS, BLOCKS } from "./log-scale.ts";
import { METRIC_LIST, type MetricDefinition } from "./metric-names.ts";
import type { MetricsSettings } from "./metrics-settings.ts";
import {
  bucketBounds,
  COUNT,
  FIRST_BLOCK,
  hasTimer,
  MAX,
  MIN,
  newMetricCells,
  PLAIN_BUCKETS,
  type SeriesAnnouncement,
  SUM,
  SUM_OF_SQUARES,
  TIMER_BUCKETS,
  WORKER_CELLS,
  WorkerMetrics,
} from "./worker-metrics.ts";

interface SeriesPart {
  readonly cells: Float64Array;
  readonly cell: number;
}

/** One metric with one set of label values, wherever it is counted. */
export interface Series {
  readonly metric: MetricDefinition;
  readonly labels: readonly string[];
  /** Milliseconds since 1970. */
  readonly createdMs: number;
  readonly parts: SeriesPart[];
}

/** A histogram as read at one moment. Without a log scale min, max, squares and slots stay 0. */
export interface HistogramReading {
  count: number;
  sum: number;
  min: number;
  max: number;
  sumOfSquares: number;
  /** Events in each bucket, not added up; one more than there are bounds. */
  readonly buckets: Float64Array;
  readonly slots: Float64Array;
}

export class MetricsHub {
  readonly settings: MetricsSettings;
  /** What the main thread counts itself. */
  readonly main: WorkerMetrics;
  readonly #workers = new Map<number, Float64Array>();
  readonly #families: Map<string, Series>[] = METRIC_LIST.map(() => new Map());

  constructor(settings: MetricsSettings) {
    this.settings = settings;
    const cells = newMetricCells(WORKER_CELLS);
    this.main = new WorkerMetrics(settings, cells, (series) => this.#add(cells, series));
  }

  /** The cells for a new worker, to be handed to its WorkerMetrics; `worker` is any number not in use. */
  addWorker(worker: number): Float64Array<SharedArrayBuffer> {
    const cells = newMetricCells(WORKER_CELLS);
    this.#workers.set(worker, cells);
    return cells;
  }

  /** Takes what a worker's WorkerMetrics announced. */
  announced(worker: number, series: SeriesAnnouncement): void {
    const cells = this.#workers.get(worker);
    if (cells !== undefined) this.#add(cells, series);
  }

  /** The worker has ended: its counts are kept, its gauges are not. Called after its last announcement. */
  retire(worker: number): void {
    const cells = this.#workers.get(worker);
    if (cells === undefined) return;
    this.#workers.delete(worker);
    for (const family of this.#families) {
      for (const series of family.values()) {
        const at = series.parts.findIndex((part) => part.cells === cells);
        if (at < 0) continue;
        const [part] = series.parts.splice(at, 1);
        if (part !== undefined) this.#absorb(series, part);
      }
    }
  }

  #absorb(series: Series, part: SeriesPart): void {
    const { metric, labels } = series;
    if (metric.kind === "counter") this.main.counter(metric, labels).absorb(part.cells, part.cell);
    else if (metric.kind !== "gauge") this.main.histogram(metric, labels).absorb(part.cells, part.cell);
  }

  #add(cells: Float64Array, announced: SeriesAnnouncement): void {
    const metric = METRIC_LIST[announced.metric]!;
    const family = this.#families[metric.id]!;
    const key = announced.labels.join("\0");
    let series = family.get(key);
    if (series === undefined) {
      series = { metric, labels: announced.labels, createdMs: announced.createdMs, parts: [] };
      family.set(key, series);
    }
    series.parts.push({ cells, cell: announced.cell });
  }

  /** The series of a metric, in the order of their first use. */
  seriesOf(metric: MetricDefinition): Iterable<Series> {
    return this.#families[metric.id]!.values();
  }

  /** The value of a counter or gauge, over all threads. */
  value(series: Series): number {
    let value = 0;
    for (const part of series.parts) value += part.cells[part.cell]!;
    return value;
  }

  /** The greatest value of a gauge over all threads, 0 when there is none. */
  greatest(series: Series): number {
    let value = 0;
    for (const part of series.parts) value = Math.max(value, part.cells[part.cell]!);
    return value;
  }

  /** The events that a histogram has seen. */
  count(series: Series): number {
    return this.value(series);
  }

  /** A reading for `read`, to be used again and again for histograms of the same metric. */
  newReading(metric: MetricDefinition): HistogramReading {
    const bounds = bucketBounds(this.settings, metric);
    return {
      count: 0,
      sum: 0,
      min: 0,
      max: 0,
      sumOfSquares: 0,
      buckets: new Float64Array(bounds === null ? 0 : bounds.length + 1),
      slots: new Float64Array(hasTimer(this.settings, metric) ? BLOCKS * BLOCK_CELLS : 0),
    };
  }

  read(series: Series, into: HistogramReading): void {
    into.count = 0;
    into.sum = 0;
    into.min = Number.POSITIVE_INFINITY;
    into.max = 0;
    into.sumOfSquares = 0;
    into.buckets.fill(0);
    into.slots.fill(0);
    const timer = into.slots.length > 0;
    for (const { cells, cell } of series.parts) {
      into.count += cells[cell + COUNT]!;
      into.sum += cells[cell + SUM]!;
      const buckets = cell + (timer ? TIMER_BUCKETS : PLAIN_BUCKETS);
      for (let i = 0; i < into.buckets.length; i++) into.buckets[i]! += cells[buckets + i]!;
      if (timer) readTimer(cells, cell, into);
    }
    if (into.min === Number.POSITIVE_INFINITY) into.min = 0;
  }
}

function readTimer(cells: Float64Array, cell: number, into: HistogramReading): void {
  into.min = Math.min(into.min, cells[cell + MIN]!);
  into.max = Math.max(into.max, cells[cell + MAX]!);
  into.sumOfSquares += cells[cell + SUM_OF_SQUARES]!;
  for (let i = 0; i < BLOCKS; i++) {
    const block = cells[cell + FIRST_BLOCK + i]!;
    if (block === 0) continue;
    for (let k = 0; k < BLOCK_CELLS; k++) into.slots[i * BLOCK_CELLS + k]! += cells[block + k]!;
  }
}
