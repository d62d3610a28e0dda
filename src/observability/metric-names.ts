// All metrics that have a name of their own (spec observability 5), as data: the data plane asks for series by these definitions,
// codahale.ts and prometheus.ts print them. Custom metrics (section 6) have a key that is made up where it is counted.

/** What a value means: seconds and bytes go into histograms, counters only rise. `pause`: seconds of which quantiles are shown. */
export type MetricKind = "duration" | "size" | "pause" | "counter" | "gauge";
export type BucketList = "duration" | "responseSize" | "requestSize";

/** Fields of MetricsSettings that switch a metric on. */
export type MetricSwitch =
  | "allFilters"
  | "routeBackend"
  | "backendHost"
  | "backendZone"
  | "routeBackendErrors"
  | "routeStreamErrors"
  | "routeResponse"
  | "combinedResponse"
  | "serveRoute"
  | "serveHost"
  | "serveRouteCounter"
  | "serveHostCounter"
  | "proxyRequest"
  | "proxyResponse";

export interface MetricDefinition {
  readonly id: number;
  readonly kind: MetricKind;
  /**
   * Codahale key without prefix, `<label>` standing for a label's value; `[.<label>]` falls away when the label is switched off.
   * "" when the metric is in the Prometheus flavour only.
   */
  readonly codahale: string;
  /** Prometheus name without namespace. Definitions with the same name are one family. */
  readonly prometheus: string;
  readonly labels: readonly string[];
  /** What switches it on; "" is always. */
  readonly on: MetricSwitch | "";
  /** True when Prometheus has it whatever the switch says. */
  readonly prometheusAlways: boolean;
  readonly buckets: BucketList | null;
  readonly help: string;
}

const definitions: MetricDefinition[] = [];

function define(
  kind: MetricKind,
  codahale: string,
  prometheus: string,
  labels: readonly string[],
  help: string,
  more: { on?: MetricSwitch; prometheusAlways?: boolean; buckets?: BucketList } = {},
): MetricDefinition {
  const definition: MetricDefinition = {
    id: definitions.length,
    kind,
    codahale,
    prometheus,
    labels,
    on: more.on ?? "",
    prometheusAlways: more.prometheusAlways ?? false,
    buckets: more.buckets ?? (kind === "duration" ? "duration" : null),
    help,
  };
  definitions.push(definition);
  return definition;
}

const SAMPLED =
  " Above 1000 requests a second in a worker, one timed call stands for those between it and the one before.";
const SERVE_LABELS = ["code", "method", "route"];
const SERVE_HOST_LABELS = ["code", "method", "host"];
const BACKEND_LABELS = ["route", "host", "zone"];
const RESPONSE_LABELS = ["code", "method", "route"];
const RESPONSE_HELP = "Duration in seconds of writing a response to the client.";
const BACKEND_HELP = "Duration in seconds of a backend call until its response header.";

export const METRICS = {
  routeLookup: define(
    "duration",
    "routelookup",
    "route_lookup_duration_seconds",
    [],
    "Duration in seconds of a route lookup.",
  ),
  routeErrors: define("counter", "routefailure", "route_error_total", [], "Lookups that found no route."),
  routeInvalid: define(
    "gauge",
    "route.invalid.<route_id>.<reason>",
    "route_invalid",
    ["route_id", "reason"],
    "1 while a route is refused.",
  ),
  filterCreate: define(
    "duration",
    "filter.<filter>.create",
    "filter_create_duration_seconds",
    ["filter"],
    "Duration in seconds of creating a filter instance.",
  ),
  filterRequest: define(
    "duration",
    "filter.<filter>.request",
    "filter_request_duration_seconds",
    ["filter"],
    `Duration in seconds of a filter's request step.${SAMPLED}`,
  ),
  filterResponse: define(
    "duration",
    "filter.<filter>.response",
    "filter_response_duration_seconds",
    ["filter"],
    `Duration in seconds of a filter's response step.${SAMPLED}`,
  ),
  allFiltersRequest: define(
    "duration",
    "allfilters.combined.request",
    "filter_all_combined_request_duration_seconds",
    [],
    "Duration in seconds of all request filters of a route that has filters.",
  ),
  allFiltersResponse: define(
    "duration",
    "allfilters.combined.response",
    "filter_all_combined_response_duration_seconds",
    [],
    "Duration in seconds of the response phase of a route.",
  ),
  routeFiltersRequest: define(
    "duration",
    "allfilters.request.<route>",
    "filter_all_request_duration_seconds",
    ["route"],
    "Duration in seconds of all request filters by route.",
    { on: "allFilters" },
  ),
  routeFiltersResponse: define(
    "duration",
    "allfilters.response.<route>",
    "filter_all_response_duration_seconds",
    ["route"],
    "Duration in seconds of the response phase by route.",
    { on: "allFilters" },
  ),
  allBackends: define("duration", "all.backend", "backend_combined_duration_seconds", [], BACKEND_HELP),
  backendRoute: define("duration", "backend.<route>", "backend_duration_seconds", BACKEND_LABELS, BACKEND_HELP, {
    on: "routeBackend",
  }),
  backendHost: define("duration", "backendhost.<host>", "backend_duration_seconds", BACKEND_LABELS, BACKEND_HELP, {
    on: "backendHost",
  }),
  backendZone: define("duration", "backendzone.<zone>", "backend_duration_seconds", BACKEND_LABELS, BACKEND_HELP, {
    on: "backendZone",
  }),
  allBackends5xx: define(
    "duration",
    "all.backend.5xx",
    "backend_5xx_duration_seconds",
    [],
    "Duration in seconds of the backend calls that ended with a status of 500 or above.",
  ),
  backendErrors: define(
    "counter",
    "errors.backend.<route>",
    "backend_error_total",
    ["route"],
    "Failed first attempts to call the backend.",
    { on: "routeBackendErrors", prometheusAlways: true },
  ),
  streamErrors: define(
    "counter",
    "errors.streaming.<route>",
    "streaming_error_total",
    ["route"],
    "Responses whose body broke off.",
    { on: "routeStreamErrors", prometheusAlways: true },
  ),
  requestHeaderBytes: define(
    "size",
    "",
    "backend_request_header_bytes",
    ["host"],
    "Size in bytes of request line, Host and headers of a backend request.",
    { buckets: "requestSize" },
  ),
  responseRoute: define(
    "duration",
    "response.<code>.<method>.skipper.<route>",
    "response_duration_seconds",
    RESPONSE_LABELS,
    RESPONSE_HELP,
    { on: "routeResponse" },
  ),
  responseAll: define(
    "duration",
    "all.response.<code>.<method>.skipper",
    "response_duration_seconds",
    RESPONSE_LABELS,
    RESPONSE_HELP,
    { on: "combinedResponse" },
  ),
  responseSize: define("size", "", "response_size_bytes", ["host"], "Size in bytes of response bodies.", {
    buckets: "responseSize",
  }),
  serveRoute: define(
    "duration",
    "serveroute.<route>[.<method>][.<code>]",
    "serve_route_duration_seconds",
    SERVE_LABELS,
    "Duration in seconds of serving a request, by route.",
    { on: "serveRoute" },
  ),
  serveHost: define(
    "duration",
    "servehost.<host>[.<method>][.<code>]",
    "serve_host_duration_seconds",
    SERVE_HOST_LABELS,
    "Duration in seconds of serving a request, by host.",
    { on: "serveHost" },
  ),
  serveRouteCount: define("counter", "", "serve_route_count", SERVE_LABELS, "Requests by route.", {
    on: "serveRouteCounter",
  }),
  serveHostCount: define("counter", "", "serve_host_count", SERVE_HOST_LABELS, "Requests by host.", {
    on: "serveHostCounter",
  }),
  proxyTotal: define(
    "duration",
    "proxy.total",
    "proxy_total_duration_seconds",
    [],
    "Duration in seconds of the proxy's own work on a request.",
  ),
  proxyRequest: define(
    "duration",
    "proxy.request",
    "proxy_request_duration_seconds",
    [],
    "Duration in seconds of the proxy's own work before the backend call.",
    { on: "proxyRequest" },
  ),
  proxyResponse: define(
    "duration",
    "proxy.response",
    "proxy_response_duration_seconds",
    [],
    "Duration in seconds of the proxy's own work after the backend call.",
    { on: "proxyResponse" },
  ),
  // Not shown as they are: runtime-metrics.ts makes its own metrics of them.
  heapUsed: define("gauge", "", "", [], "Bytes of the JavaScript heap in use."),
  heapTotal: define("gauge", "", "", [], "Bytes of the JavaScript heap."),
  gcPause: define("pause", "", "", [], "Pauses for garbage collection in seconds."),
  gcLast: define("gauge", "", "", [], "Milliseconds since 1970 of the last garbage collection."),
  customDuration: define("duration", "<key>", "custom_duration_seconds", ["key"], "Duration in seconds by key."),
  customTotal: define("counter", "<key>", "custom_total", ["key"], "Events by key."),
  customGauges: define("gauge", "<key>", "custom_gauges", ["key"], "Values by key."),
} as const;

/** The definitions by id. */
export const METRIC_LIST: readonly MetricDefinition[] = definitions;

/** Stands for every label of a series that found no room. */
export const OTHER = "_other_";
export const UNKNOWN_HOST = "_unknownhost_";
export const UNKNOWN_ROUTE = "_unknownroute_";
export const UNKNOWN_METHOD = "_unknownmethod_";

/** A host as a label: `.` becomes `_`, `:` becomes `__`. */
export function hostLabel(host: string): string {
  return host.replaceAll(".", "_").replaceAll(":", "__");
}
