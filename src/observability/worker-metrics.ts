// Hot path: 10 ns an observation. Guarded by request-metrics.bench.ts.
//
// The metrics of one thread: cells in shared memory that this thread alone writes, with plain stores, and that metrics-hub.ts in the
// main thread reads whenever it is asked. An aligned 64-bit store is never seen half done on the processors that Node runs on.
// A series is made at its first use and announced once; there is no way to remove one.
//
// Layout of a series in cells (Float64):
//   counter, gauge: [ value ]
//   histogram:      [ count | sum | bucket 0 .. bucket n (above the last bound) ]                      when Prometheus has it
//                   [ count | sum | min | max | sum of squares | block 0 .. block 8 ]  + buckets after   when codahale has it
//   A block cell holds 0 or the index of 32 cells: 4 octaves of 8 equal steps each (see log-scale.ts).

import { BLOCK_CELLS, BLOCKS, blockOf, slotOf } from "./log-scale.ts";
import { METRICS, type MetricDefinition, OTHER } from "./metric-names.ts";
import { inCodahale, inPrometheus, type MetricsSettings } from "./metrics-settings.ts";

/** Cells of a worker: 32 MB of address space, of which only what is used takes memory. */
export const WORKER_CELLS = 4 << 20;
/** Series that one metric may have in a thread; hosts come from clients where a route's host pattern is open. */
const SERIES_PER_METRIC = 100_000;
const SERIES_PER_HOST_METRIC = 5000;

export const COUNT = 0;
export const SUM = 1;
export const MIN = 2;
export const MAX = 3;
export const SUM_OF_SQUARES = 4;
export const FIRST_BLOCK = 5;
/** Where the buckets begin in a series without, and with, the codahale part. */
export const PLAIN_BUCKETS = 2;
export const TIMER_BUCKETS = FIRST_BLOCK + BLOCKS;

/** Told to the main thread when a series is made. */
export interface SeriesAnnouncement {
  /** Id of the definition. */
  readonly metric: number;
  readonly labels: readonly string[];
  /** Its first cell. */
  readonly cell: number;
  /** Milliseconds since 1970. */
  readonly createdMs: number;
}

export class CounterHandle {
  readonly #cells: Float64Array;
  readonly #cell: number;

  constructor(cells: Float64Array, cell: number) {
    this.#cells = cells;
    this.#cell = cell;
  }

  add(by: number): void {
    this.#cells[this.#cell]! += by;
  }

  /** Adds what stands in another thread's series. */
  absorb(cells: Float64Array, cell: number): void {
    this.add(cells[cell]!);
  }
}

export class GaugeHandle {
  readonly #cells: Float64Array;
  readonly #cell: number;

  constructor(cells: Float64Array, cell: number) {
    this.#cells = cells;
    this.#cell = cell;
  }

  set(value: number): void {
    this.#cells[this.#cell] = value;
  }
}

export class HistogramHandle {
  readonly #owner: WorkerMetrics;
  readonly #cells: Float64Array;
  readonly #cell: number;
  readonly #bounds: Float64Array | null;
  readonly #buckets: number;
  readonly #timer: boolean;

  constructor(owner: WorkerMetrics, cells: Float64Array, cell: number, bounds: Float64Array | null, timer: boolean) {
    this.#owner = owner;
    this.#cells = cells;
    this.#cell = cell;
    this.#bounds = bounds;
    this.#buckets = cell + (timer ? TIMER_BUCKETS : PLAIN_BUCKETS);
    this.#timer = timer;
  }

  /** One value, in seconds or bytes. */
  observe(value: number): void {
    this.observeMany(value, 1);
  }

  /** One measured value that stands for `weight` events. */
  observeMany(value: number, weight: number): void {
    const cells = this.#cells;
    const cell = this.#cell;
    cells[cell + COUNT]! += weight;
    cells[cell + SUM]! += value * weight;
    const bounds = this.#bounds;
    if (bounds !== null) {
      let i = 0;
      while (i < bounds.length && value > bounds[i]!) i++;
      cells[this.#buckets + i]! += weight;
    }
    if (this.#timer) this.#observeTimer(cells, cell, value, weight);
  }

  /** Adds what stands in another thread's series of the same layout. */
  absorb(from: Float64Array, first: number): void {
    const cells = this.#cells;
    const cell = this.#cell;
    cells[cell + COUNT]! += from[first + COUNT]!;
    cells[cell + SUM]! += from[first + SUM]!;
    const buckets = this.#buckets - cell;
    const count = this.#bounds === null ? 0 : this.#bounds.length + 1;
    for (let i = 0; i < count; i++) cells[cell + buckets + i]! += from[first + buckets + i]!;
    if (!this.#timer) return;
    cells[cell + MIN] = Math.min(cells[cell + MIN]!, from[first + MIN]!);
    cells[cell + MAX] = Math.max(cells[cell + MAX]!, from[first + MAX]!);
    cells[cell + SUM_OF_SQUARES]! += from[first + SUM_OF_SQUARES]!;
    for (let i = 0; i < BLOCKS; i++) {
      const source = from[first + FIRST_BLOCK + i]!;
      if (source === 0) continue;
      const block = this.#block(cells, cell + FIRST_BLOCK + i);
      if (block !== 0) for (let k = 0; k < BLOCK_CELLS; k++) cells[block + k]! += from[source + k]!;
    }
  }

  #observeTimer(cells: Float64Array, cell: number, value: number, weight: number): void {
    if (cells[cell + MIN]! > value) cells[cell + MIN] = value;
    if (cells[cell + MAX]! < value) cells[cell + MAX] = value;
    cells[cell + SUM_OF_SQUARES]! += value * value * weight;
    const slot = slotOf(value);
    const block = this.#block(cells, cell + FIRST_BLOCK + blockOf(slot));
    if (block !== 0) cells[block + (slot & (BLOCK_CELLS - 1))]! += weight;
  }

  /** The block that the pointer cell names, made when it is missing; 0 when there is no room. */
  #block(cells: Float64Array, pointer: number): number {
    let block = cells[pointer]!;
    if (block === 0) {
      block = this.#owner.takeCells(BLOCK_CELLS);
      cells[pointer] = block;
    }
    return block;
  }
}

/** Whether a histogram of this metric has the log-scale part of the layout. */
export function hasTimer(settings: MetricsSettings, metric: MetricDefinition): boolean {
  return metric.kind === "pause" || (metric.kind === "duration" && inCodahale(settings, metric));
}

/** The upper bounds of a histogram's buckets, ascending; null when it has none. */
export function bucketBounds(settings: MetricsSettings, metric: MetricDefinition): readonly number[] | null {
  return metric.buckets !== null && inPrometheus(settings, metric) ? settings.buckets[metric.buckets] : null;
}

/** Memory for the metrics of one thread. */
export function newMetricCells(cells: number): Float64Array<SharedArrayBuffer> {
  return new Float64Array(new SharedArrayBuffer(cells * 8));
}

export class WorkerMetrics {
  readonly settings: MetricsSettings;
  readonly cells: Float64Array;
  readonly #announce: (series: SeriesAnnouncement) => void;
  /** By metric id, then label values joined. */
  readonly #series: Map<string, Handle>[] = [];
  readonly #bounds = new Map<readonly number[], Float64Array>();
  // Cell 0 stays unused, so that 0 can mean none.
  #used = 1;

  constructor(settings: MetricsSettings, cells: Float64Array, announce: (series: SeriesAnnouncement) => void) {
    this.settings = settings;
    this.cells = cells;
    this.#announce = announce;
  }

  /** True when a flavour of this process shows the metric. */
  has(metric: MetricDefinition): boolean {
    return inCodahale(this.settings, metric) || inPrometheus(this.settings, metric);
  }

  counter(metric: MetricDefinition, labels: readonly string[]): CounterHandle {
    return this.#get(metric, labels, (cells, cell) => new CounterHandle(cells, cell), 1) as CounterHandle;
  }

  gauge(metric: MetricDefinition, labels: readonly string[]): GaugeHandle {
    return this.#get(metric, labels, (cells, cell) => new GaugeHandle(cells, cell), 1) as GaugeHandle;
  }

  histogram(metric: MetricDefinition, labels: readonly string[]): HistogramHandle {
    const timer = hasTimer(this.settings, metric);
    const bounds = this.#boundsOf(metric);
    const size = (timer ? TIMER_BUCKETS : PLAIN_BUCKETS) + (bounds === null ? 0 : bounds.length + 1);
    const make: MakeHandle = (cells, cell) => {
      if (timer) cells[cell + MIN] = Number.POSITIVE_INFINITY;
      return new HistogramHandle(this, cells, cell, bounds, timer);
    };
    return this.#get(metric, labels, make, size) as HistogramHandle;
  }

  /** The counter `key` of spec observability 6. */
  customCounter(key: string): CounterHandle {
    return this.counter(METRICS.customTotal, [key]);
  }

  customGauge(key: string): GaugeHandle {
    return this.gauge(METRICS.customGauges, [key]);
  }

  customDuration(key: string): HistogramHandle {
    return this.histogram(METRICS.customDuration, [key]);
  }

  /** The first of `count` zeroed cells, 0 when there is no more room. */
  takeCells(count: number): number {
    const cell = this.#used;
    if (cell + count > this.cells.length) return 0;
    this.#used = cell + count;
    return cell;
  }

  #boundsOf(metric: MetricDefinition): Float64Array | null {
    const list = bucketBounds(this.settings, metric);
    if (list === null) return null;
    let bounds = this.#bounds.get(list);
    if (bounds === undefined) {
      bounds = Float64Array.from(list);
      this.#bounds.set(list, bounds);
    }
    return bounds;
  }

  #get(metric: MetricDefinition, labels: readonly string[], make: MakeHandle, size: number): Handle {
    const series = (this.#series[metric.id] ??= new Map());
    const key = labels.join("\0");
    const known = series.get(key);
    if (known !== undefined) return known;
    const limit = metric.labels.includes("host") ? SERIES_PER_HOST_METRIC : SERIES_PER_METRIC;
    const cell = series.size < limit ? this.takeCells(size) : 0;
    if (cell === 0) return this.#overflow(metric, series, make, size);
    return this.#add(metric, series, labels, make, cell);
  }

  /** The one series that takes the place of all for which there is no room. */
  #overflow(metric: MetricDefinition, series: Map<string, Handle>, make: MakeHandle, size: number): Handle {
    const labels = metric.labels.map(() => OTHER);
    const key = labels.join("\0");
    const known = series.get(key);
    if (known !== undefined) return known;
    const cell = this.takeCells(size);
    if (cell !== 0) return this.#add(metric, series, labels, make, cell);
    // Not even that: counted where nobody reads it.
    const handle = make(new Float64Array(size), 0);
    series.set(key, handle);
    return handle;
  }

  #add(
    metric: MetricDefinition,
    series: Map<string, Handle>,
    labels: readonly string[],
    make: MakeHandle,
    cell: number,
  ): Handle {
    const handle = make(this.cells, cell);
    series.set(labels.join("\0"), handle);
    this.#announce({ metric: metric.id, labels, cell, createdMs: Date.now() });
    return handle;
  }
}

type Handle = CounterHandle | GaugeHandle | HistogramHandle;
type MakeHandle = (cells: Float64Array, cell: number) => Handle;
