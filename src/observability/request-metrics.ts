// Hot path: 0.3 us a request with the default metrics. Guarded by request-metrics.bench.ts.
//
// What the exchange calls, one method a phase. Durations are seconds that the caller measured; a metric that is off costs a test for
// null. Series are looked up by name once and then held by the objects below: RouteMetrics belongs to a built route, FilterMetrics to
// a filter in it, and both may be dropped with them, since the counts live in WorkerMetrics.

import { hostLabel, METRICS, type MetricDefinition, OTHER, UNKNOWN_HOST, UNKNOWN_ROUTE } from "./metric-names.ts";
import { CountersByProtocol, CountersByStatus, HistogramsByStatus } from "./status-series.ts";
import type { CounterHandle, HistogramHandle, WorkerMetrics } from "./worker-metrics.ts";

/** Hosts that the serve and size metrics tell apart. */
const HOSTS = 5000;
/** Requests a second whose filters are timed one by one, and how many of them may come at once. */
const TIMED_REQUESTS = 1000;
const MS_PER_TIMED_REQUEST = 1000 / TIMED_REQUESTS;

interface RouteSwitches {
  readonly routeFilters: boolean;
  readonly backendRoute: boolean;
  readonly backendHost: boolean;
  readonly backendZone: boolean;
  readonly backendErrors: boolean;
  readonly streamErrors: boolean;
}

export class RequestMetrics {
  readonly #metrics: WorkerMetrics;
  readonly #lookup: HistogramHandle | null;
  readonly #lookupFailed: CounterHandle | null;
  readonly #proxyTotal: HistogramHandle | null;
  readonly #proxyRequest: HistogramHandle | null;
  readonly #proxyResponse: HistogramHandle | null;
  readonly #backend5xx: HistogramHandle | null;
  readonly #incoming: CountersByProtocol;
  readonly #outgoing: CountersByProtocol;
  readonly #custom = new Map<string, Map<string, CounterHandle>>();
  readonly #counters = new Map<string, CounterHandle>();
  readonly #filters = new Map<string, FilterMetrics>();
  readonly #hosts = new Map<string, HostMetrics>();
  readonly #unknownHost: HostMetrics;
  #otherHost: HostMetrics | null = null;
  #uncompressed: CounterHandle | null = null;
  #blocked: CounterHandle | null = null;
  #timedLeft = TIMED_REQUESTS;
  #timedAtMs = 0;
  /** For requests without a route. */
  readonly noRoute: RouteMetrics;
  /** Which of the metrics by route are on. */
  readonly on: RouteSwitches;

  constructor(metrics: WorkerMetrics) {
    this.#metrics = metrics;
    this.#lookup = histogram(metrics, METRICS.routeLookup, []);
    this.#lookupFailed = counter(metrics, METRICS.routeErrors, []);
    this.#proxyTotal = histogram(metrics, METRICS.proxyTotal, []);
    this.#proxyRequest = histogram(metrics, METRICS.proxyRequest, []);
    this.#proxyResponse = histogram(metrics, METRICS.proxyResponse, []);
    this.#backend5xx = histogram(metrics, METRICS.allBackends5xx, []);
    this.#incoming = new CountersByProtocol(metrics, "incoming");
    this.#outgoing = new CountersByProtocol(metrics, "outgoing");
    this.on = {
      routeFilters: metrics.has(METRICS.routeFiltersRequest),
      backendRoute: metrics.has(METRICS.backendRoute),
      backendHost: metrics.has(METRICS.backendHost),
      backendZone: metrics.has(METRICS.backendZone),
      backendErrors: metrics.has(METRICS.backendErrors),
      streamErrors: metrics.has(METRICS.streamErrors),
    };
    this.#unknownHost = new HostMetrics(metrics, UNKNOWN_HOST);
    this.noRoute = this.route(UNKNOWN_ROUTE, false, "");
  }

  /** The metrics of a built route, which keeps them. `hasHost`: it has a Host or HostAny predicate; `backendHost`: host and port of
   *  a network backend, else "". */
  route(id: string, hasHost: boolean, backendHost: string): RouteMetrics {
    return new RouteMetrics(this.#metrics, this, id, hasHost, backendHost);
  }

  /** The metrics of the filters with this name. */
  filter(name: string): FilterMetrics {
    let filter = this.#filters.get(name);
    if (filter === undefined) {
      filter = new FilterMetrics(this.#metrics, name);
      this.#filters.set(name, filter);
    }
    return filter;
  }

  /** The client's request came, in `HTTP/1.1` or another protocol. */
  incoming(protocol: string): void {
    this.#incoming.count(protocol);
  }

  /** A request goes to a backend. */
  outgoing(protocol: string): void {
    this.#outgoing.count(protocol);
  }

  /** A response was decompressed because the client cannot read it. */
  uncompressed(): void {
    this.#uncompressed ??= this.#metrics.customCounter("experimental.uncompressed");
    this.#uncompressed.add(1);
  }

  /** A filter did not let a request body pass. */
  blocked(): void {
    this.#blocked ??= this.#metrics.customCounter("blocked.requests");
    this.#blocked.add(1);
  }

  /** A lookup ended. */
  lookup(seconds: number, found: boolean): void {
    this.#lookup?.observe(seconds);
    if (!found) this.#lookupFailed?.add(1);
  }

  /** A retry failed, and the answer has a status of 500 or above. */
  retryFailed(seconds: number): void {
    this.#backend5xx?.observe(seconds);
  }

  /** The proxy's own time: without filters, backend call and streaming. `requestSeconds` before the call, `responseSeconds` after. */
  own(requestSeconds: number, responseSeconds: number): void {
    this.#proxyTotal?.observe(requestSeconds + responseSeconds);
    this.#proxyRequest?.observe(requestSeconds);
    this.#proxyResponse?.observe(responseSeconds);
  }

  /** Adds to the custom counter `<filter>.custom.<key>`. */
  count(filter: string, key: string, by: number): void {
    let keys = this.#custom.get(filter);
    if (keys === undefined) {
      keys = new Map();
      this.#custom.set(filter, keys);
    }
    let handle = keys.get(key);
    if (handle === undefined) {
      handle = this.#metrics.customCounter(`${filter}.custom.${key}`);
      if (keys.size < HOSTS) keys.set(key, handle);
    }
    handle.add(by);
  }

  /** Adds to the custom counter of this name, which is one of a few. */
  countCustom(name: string, by: number): void {
    let handle = this.#counters.get(name);
    if (handle === undefined) {
      handle = this.#metrics.customCounter(name);
      this.#counters.set(name, handle);
    }
    handle.add(by);
  }

  /** Takes one of the requests of this second whose filters are timed, for RouteMetrics; false when there is none left. */
  takeTimedRequest(nowMs: number): boolean {
    if (this.#timedLeft < 1) {
      const elapsedMs = nowMs - this.#timedAtMs;
      if (elapsedMs < MS_PER_TIMED_REQUEST) return false;
      this.#timedLeft = Math.min(TIMED_REQUESTS, elapsedMs / MS_PER_TIMED_REQUEST);
      this.#timedAtMs = nowMs;
    }
    this.#timedLeft--;
    return true;
  }

  /** The metrics of a request host, for RouteMetrics. */
  host(host: string, known: boolean): HostMetrics {
    return known ? (this.#hosts.get(host) ?? this.#addHost(host)) : this.#unknownHost;
  }

  #addHost(host: string): HostMetrics {
    if (this.#hosts.size >= HOSTS) {
      this.#otherHost ??= new HostMetrics(this.#metrics, OTHER);
      return this.#otherHost;
    }
    const metrics = new HostMetrics(this.#metrics, hostLabel(host));
    this.#hosts.set(host, metrics);
    return metrics;
  }
}

export class RouteMetrics {
  readonly #metrics: WorkerMetrics;
  readonly #all: RequestMetrics;
  readonly #id: string;
  readonly #on: RouteSwitches;
  readonly #hasHost: boolean;
  readonly #backendHost: string;
  readonly #allRequest: HistogramHandle | null;
  readonly #allResponse: HistogramHandle | null;
  readonly #allBackends: HistogramHandle | null;
  readonly #allBackends5xx: HistogramHandle | null;
  readonly #responses: HistogramsByStatus;
  readonly #allResponses: HistogramsByStatus;
  readonly #serves: HistogramsByStatus;
  readonly #serveCounts: CountersByStatus;
  // Made when first needed: many routes have no filters, no errors, or a backend without a zone.
  #routeRequest: HistogramHandle | null = null;
  #routeResponse: HistogramHandle | null = null;
  #backendRoute: HistogramHandle | null = null;
  #backendByHost: HistogramHandle | null = null;
  #backendByZone: HistogramHandle | null = null;
  #zone = "";
  /** Requests since the last one whose filters were timed. */
  #untimed = 0;
  #backendErrors: CounterHandle | null = null;
  #streamErrors: CounterHandle | null = null;
  #lastHost: string;
  #lastHostMetrics: HostMetrics;

  constructor(metrics: WorkerMetrics, all: RequestMetrics, id: string, hasHost: boolean, backendHost: string) {
    this.#metrics = metrics;
    this.#all = all;
    this.#id = id;
    this.#on = all.on;
    this.#hasHost = hasHost;
    this.#backendHost = backendHost;
    this.#allRequest = histogram(metrics, METRICS.allFiltersRequest, []);
    this.#allResponse = histogram(metrics, METRICS.allFiltersResponse, []);
    this.#allBackends = histogram(metrics, METRICS.allBackends, []);
    this.#allBackends5xx = histogram(metrics, METRICS.allBackends5xx, []);
    const { serveStatusCode, serveMethod } = metrics.settings;
    this.#responses = new HistogramsByStatus(metrics, METRICS.responseRoute, id, true, true);
    this.#allResponses = new HistogramsByStatus(metrics, METRICS.responseAll, "", true, true);
    this.#serves = new HistogramsByStatus(metrics, METRICS.serveRoute, id, serveStatusCode, serveMethod);
    this.#serveCounts = new CountersByStatus(metrics, METRICS.serveRouteCount, id);
    this.#lastHost = "";
    this.#lastHostMetrics = all.host("", false);
  }

  /**
   * How many requests of this route this one stands for when its filters are timed one by one; 0: they are not timed. Asked once a
   * request, before the first filter, with any clock reading the caller has; the answer is handed to FilterMetrics. Reading the
   * clock around each of ten filters in both phases would cost 0.9 us, so a worker times 1000 requests a second.
   */
  filterWeight(nowMs: number): number {
    this.#untimed++;
    if (!this.#all.takeTimedRequest(nowMs)) return 0;
    const weight = this.#untimed;
    this.#untimed = 0;
    return weight;
  }

  /** All request filters ran; not called for a route without filters. */
  requestFilters(seconds: number): void {
    this.#allRequest?.observe(seconds);
    if (!this.#on.routeFilters) return;
    this.#routeRequest ??= this.#metrics.histogram(METRICS.routeFiltersRequest, [this.#id]);
    this.#routeRequest.observe(seconds);
  }

  /** The response phase ended; also called for a route without filters. */
  responseFilters(seconds: number): void {
    this.#allResponse?.observe(seconds);
    if (!this.#on.routeFilters) return;
    this.#routeResponse ??= this.#metrics.histogram(METRICS.routeFiltersResponse, [this.#id]);
    this.#routeResponse.observe(seconds);
  }

  /** A round trip succeeded: from the call to the response header. `zone`: of the endpoint, "" when it has none. */
  backend(seconds: number, status: number, zone: string): void {
    this.#allBackends?.observe(seconds);
    if (status >= 500) this.#allBackends5xx?.observe(seconds);
    const on = this.#on;
    if (on.backendRoute) {
      this.#backendRoute ??= this.#metrics.histogram(METRICS.backendRoute, [this.#id, "", ""]);
      this.#backendRoute.observe(seconds);
    }
    if (on.backendHost) {
      this.#backendByHost ??= this.#metrics.histogram(METRICS.backendHost, ["", this.#backendHost, ""]);
      this.#backendByHost.observe(seconds);
    }
    if (on.backendZone && zone !== "") {
      if (this.#backendByZone === null || zone !== this.#zone) {
        this.#zone = zone;
        this.#backendByZone = this.#metrics.histogram(METRICS.backendZone, ["", "", zone]);
      }
      this.#backendByZone.observe(seconds);
    }
  }

  /** The first attempt to call the backend failed. */
  backendError(): void {
    if (!this.#on.backendErrors) return;
    this.#backendErrors ??= this.#metrics.counter(METRICS.backendErrors, [this.#id]);
    this.#backendErrors.add(1);
  }

  /** The body broke off on its way to the client. */
  streamError(): void {
    if (!this.#on.streamErrors) return;
    this.#streamErrors ??= this.#metrics.counter(METRICS.streamErrors, [this.#id]);
    this.#streamErrors.add(1);
  }

  /** A backend request is sent; `bytes`: its request line, Host and headers. `host`: of the client's request. */
  backendRequest(bytes: number, host: string): void {
    this.#host(host).headerBytes?.observe(bytes);
  }

  /** Header and body of a response were written without failure. */
  response(seconds: number, status: number, method: string, host: string, bodyBytes: number): void {
    this.#responses.get(status, method)?.observe(seconds);
    this.#allResponses.get(status, method)?.observe(seconds);
    this.#host(host).bodyBytes?.observe(bodyBytes);
  }

  /** A request ended, with an error or without: called on the outermost route. */
  serve(seconds: number, status: number, method: string, host: string): void {
    this.#serves.get(status, method)?.observe(seconds);
    this.#serveCounts.get(status, method)?.add(1);
    const metrics = this.#host(host);
    metrics.serves.get(status, method)?.observe(seconds);
    metrics.serveCounts.get(status, method)?.add(1);
  }

  #host(host: string): HostMetrics {
    if (!this.#hasHost || host === this.#lastHost) return this.#lastHostMetrics;
    this.#lastHost = host;
    this.#lastHostMetrics = this.#all.host(host, true);
    return this.#lastHostMetrics;
  }
}

export class FilterMetrics {
  readonly #request: HistogramHandle | null;
  readonly #response: HistogramHandle | null;
  readonly #create: HistogramHandle | null;

  constructor(metrics: WorkerMetrics, name: string) {
    this.#request = histogram(metrics, METRICS.filterRequest, [name]);
    this.#response = histogram(metrics, METRICS.filterResponse, [name]);
    this.#create = histogram(metrics, METRICS.filterCreate, [name]);
  }

  /** A request step was timed; `weight` as RouteMetrics.filterWeight said. */
  request(seconds: number, weight: number): void {
    this.#request?.observeMany(seconds, weight);
  }

  /** A response step was timed. */
  response(seconds: number, weight: number): void {
    this.#response?.observeMany(seconds, weight);
  }

  /** An instance was created. */
  create(seconds: number): void {
    this.#create?.observe(seconds);
  }
}

/** The series of one request host. */
class HostMetrics {
  readonly headerBytes: HistogramHandle | null;
  readonly bodyBytes: HistogramHandle | null;
  readonly serves: HistogramsByStatus;
  readonly serveCounts: CountersByStatus;

  constructor(metrics: WorkerMetrics, label: string) {
    const { serveStatusCode, serveMethod } = metrics.settings;
    this.headerBytes = histogram(metrics, METRICS.requestHeaderBytes, [label]);
    this.bodyBytes = histogram(metrics, METRICS.responseSize, [label]);
    this.serves = new HistogramsByStatus(metrics, METRICS.serveHost, label, serveStatusCode, serveMethod);
    this.serveCounts = new CountersByStatus(metrics, METRICS.serveHostCount, label);
  }
}

function histogram(metrics: WorkerMetrics, metric: MetricDefinition, labels: string[]): HistogramHandle | null {
  return metrics.has(metric) ? metrics.histogram(metric, labels) : null;
}

function counter(metrics: WorkerMetrics, metric: MetricDefinition, labels: string[]): CounterHandle | null {
  return metrics.has(metric) ? metrics.counter(metric, labels) : null;
}
