// Options of the logs, the metrics and the profiles (spec observability 3 to 5 and 8, proxy 18 and 19).

import { option } from "./option.ts";
import { bool, float, int, list, string } from "./option-kinds.ts";

const compat = "On unless -disable-metrics-compat is set.";

export const observabilityOptions = [
  option("application-log", string, "", "File of the application log, appended to. Empty: standard error."),
  option("application-log-level", string, "INFO", "PANIC, FATAL, ERROR, WARN, INFO, DEBUG or TRACE, in any case."),
  option("application-log-prefix", string, "[APP]", "Begin of every line of the application log in text form."),
  option("application-log-json-enabled", bool, false, "Writes the application log as JSON lines without prefix."),
  option("access-log", string, "", "File of the access log, appended to. Empty: standard error."),
  option("access-log-disabled", bool, false, "Writes no access log unless a filter enables it for a request."),
  option("access-log-json-enabled", bool, false, "Writes the access log as JSON lines."),
  option("access-log-strip-query", bool, false, "Cuts the query off the logged URI."),

  option("metrics-flavour", list("codahale", "prometheus"), [], "Formats of the metrics. None: codahale."),
  option("enable-prometheus-metrics", bool, false, "Adds prometheus to the flavours; use -metrics-flavour.", {
    deprecated: true,
  }),
  option("metrics-prefix", string, "skipper.", "Begin of all metric names; Prometheus drops the trailing dot."),
  option(
    "histogram-metric-buckets",
    string,
    "",
    "Upper bounds of duration histograms in seconds, comma separated. Empty: 0.005 to 10.",
  ),
  option("response-size-buckets", string, "", "Upper bounds of response_size_bytes, comma separated."),
  option("request-size-buckets", string, "", "Upper bounds of backend_request_header_bytes, comma separated."),
  option("disable-metrics-compression", bool, false, "Sends /metrics without gzip."),
  option("disable-metrics-compat", bool, false, "Metrics that are on for compatibility are off by default."),
  option("metrics-exp-decay-sample", bool, false, "Codahale timers forget: recent events count more than old ones."),
  option("enable-prometheus-native-histograms", bool, false, "Accepted, without effect: histograms have buckets only."),
  option("prometheus-native-histogram-bucket-factor", float, 1.1, "Accepted, without effect."),
  option("enable-prometheus-start-label", bool, false, "Label start on counters: the creation in UNIX nanoseconds."),
  option("enable-connection-metrics", bool, false, "Counts client connections by state."),
  option("enable-route-fifo-metrics", bool, false, "Gauges and counters of the queues of fifo()."),
  option("enable-route-lifo-metrics", bool, false, "Gauges and counters of the queues of lifo() and lifoGroup()."),
  option("runtime-metrics", bool, true, "Metrics of the process and of the runtime."),
  option("debug-gc-metrics", bool, false, "Metrics of garbage collections under the names of Go's (codahale)."),
  option("all-filters-metrics", bool, false, `Duration of all filters of a route together. ${compat}`),
  option("combined-response-metrics", bool, false, "Response durations over all routes."),
  option("route-response-metrics", bool, false, `Response durations by route. ${compat}`),
  option("route-backend-error-counters", bool, false, `Errors of backends by route. ${compat}`),
  option("route-stream-error-counters", bool, false, `Errors while streaming by route. ${compat}`),
  option("route-backend-metrics", bool, false, `Backend durations by route. ${compat}`),
  option("serve-route-metrics", bool, false, "Total serve time by route."),
  option("serve-route-counter", bool, false, "Number of requests by route (Prometheus)."),
  option("serve-host-metrics", bool, false, "Total serve time by host."),
  option("serve-host-counter", bool, false, "Number of requests by host (Prometheus)."),
  option("serve-method-metric", bool, true, "The method is part of the serve timers."),
  option("serve-status-code-metric", bool, true, "The status is part of the serve timers."),
  option("backend-host-metrics", bool, false, "Backend durations by backend host."),
  option("backend-zone-metrics", bool, false, "Backend durations by zone of the endpoint."),
  option("proxy-request-metrics", bool, false, "Own latency of the request part."),
  option("proxy-response-metrics", bool, false, "Own latency of the response part."),

  option("enable-profile", bool, false, "Serves profiles below /debug/pprof on the support listener."),
  option(
    "memory-profile-rate",
    int,
    0,
    "Mean bytes between two samples of heap profiles, at least 1024. 0: 524288. Below 0: no heap profiles.",
  ),
  option("block-profile-rate", int, 0, "Accepted, without effect: there is no such profile."),
  option("mutex-profile-fraction", int, 0, "Accepted, without effect: there is no such profile."),
] as const;
