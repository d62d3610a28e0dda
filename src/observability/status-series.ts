// Hot path: 5 ns to find a series. Guarded by request-metrics.bench.ts.
//
// The series of one metric that differ by status and method, or by protocol, of requests to one route or host. Held by the objects of
// request-metrics.ts, so that a request finds them by numbers; the one used last is found by one compare.

import { type MetricDefinition, UNKNOWN_METHOD } from "./metric-names.ts";
import type { CounterHandle, HistogramHandle, WorkerMetrics } from "./worker-metrics.ts";

/** The series of one metric by status and method. A label that is switched off is "" and does not tell series apart. */
export class HistogramsByStatus {
  readonly #metrics: WorkerMetrics;
  readonly #metric: MetricDefinition | null;
  readonly #last: string;
  readonly #withCode: boolean;
  readonly #withMethod: boolean;
  #handles: Map<number, HistogramHandle> | null = null;
  #lastKey = -1;
  #lastHandle: HistogramHandle | null = null;

  constructor(metrics: WorkerMetrics, metric: MetricDefinition, last: string, withCode: boolean, withMethod: boolean) {
    this.#metrics = metrics;
    this.#metric = metrics.has(metric) ? metric : null;
    this.#last = last;
    this.#withCode = withCode;
    this.#withMethod = withMethod;
  }

  get(status: number, method: string): HistogramHandle | null {
    if (this.#metric === null) return null;
    const key = status * METHOD_NUMBERS + methodNumber(method);
    return key === this.#lastKey ? this.#lastHandle : this.#find(key, status, method, this.#metric);
  }

  #find(key: number, status: number, method: string, metric: MetricDefinition): HistogramHandle {
    this.#handles ??= new Map();
    let handle = this.#handles.get(key);
    if (handle === undefined) {
      const code = this.#withCode ? String(status) : "";
      handle = this.#metrics.histogram(metric, [code, this.#withMethod ? methodLabel(method) : "", this.#last]);
      this.#handles.set(key, handle);
    }
    this.#lastKey = key;
    this.#lastHandle = handle;
    return handle;
  }
}

/** The counters of one metric by status and method. */
export class CountersByStatus {
  readonly #metrics: WorkerMetrics;
  readonly #metric: MetricDefinition | null;
  readonly #last: string;
  readonly #handles = new Map<number, CounterHandle>();

  constructor(metrics: WorkerMetrics, metric: MetricDefinition, last: string) {
    this.#metrics = metrics;
    this.#metric = metrics.has(metric) ? metric : null;
    this.#last = last;
  }

  get(status: number, method: string): CounterHandle | null {
    if (this.#metric === null) return null;
    const key = status * METHOD_NUMBERS + methodNumber(method);
    let handle = this.#handles.get(key);
    if (handle === undefined) {
      handle = this.#metrics.counter(this.#metric, [String(status), methodLabel(method), this.#last]);
      this.#handles.set(key, handle);
    }
    return handle;
  }
}

/** The custom counters `<name>.<protocol>`. */
export class CountersByProtocol {
  readonly #metrics: WorkerMetrics;
  readonly #name: string;
  readonly #handles = new Map<string, CounterHandle>();
  #lastProtocol = "";
  #last: CounterHandle | null = null;

  constructor(metrics: WorkerMetrics, name: string) {
    this.#metrics = metrics;
    this.#name = name;
  }

  /** `protocol` is one of the few that the codecs know. */
  count(protocol: string): void {
    if (protocol !== this.#lastProtocol) {
      this.#lastProtocol = protocol;
      let handle = this.#handles.get(protocol);
      if (handle === undefined) {
        handle = this.#metrics.customCounter(`${this.#name}.${protocol}`);
        this.#handles.set(protocol, handle);
      }
      this.#last = handle;
    }
    this.#last?.add(1);
  }
}

/** More than there are known methods. */
const METHOD_NUMBERS = 16;

/** A small number for each known method, 0 for all others. */
function methodNumber(method: string): number {
  switch (method) {
    case "GET":
      return 1;
    case "POST":
      return 2;
    case "PUT":
      return 3;
    case "DELETE":
      return 4;
    case "HEAD":
      return 5;
    case "PATCH":
      return 6;
    case "OPTIONS":
      return 7;
    case "TRACE":
      return 8;
    case "CONNECT":
      return 9;
    default:
      return 0;
  }
}

function methodLabel(method: string): string {
  return methodNumber(method) === 0 ? UNKNOWN_METHOD : method;
}
