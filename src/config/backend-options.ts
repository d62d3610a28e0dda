// Options of routing, of requests to backends and of their connections (spec proxy 7 to 17, matching 15).

import { option } from "./option.ts";
import { bool, duration, int, map, string } from "./option-kinds.ts";

export const backendOptions = [
  option("ignore-trailing-slash", bool, false, "Path and PathSubtree ignore a trailing slash of the request."),
  option("rfc-patch-path", bool, false, "Keeps reserved characters of the path percent-encoded for matching."),
  option("max-loopbacks", int, 9, "Largest number of loopbacks of a request. 0: 9; -1: none."),
  option("default-http-status", int, 404, "Status when no route matches, 100 to 511; other values: 404."),
  option("proxy-preserve-host", bool, false, "Backends see the Host of the incoming request by default."),
  option("remove-hop-headers", bool, false, "Removes hop-by-hop headers from backend requests."),
  option("experimental-upgrade", bool, false, "Tunnels protocol upgrades such as WebSocket."),
  option("experimental-upgrade-audit", bool, false, "Logs the request and the backend's data of upgrades."),
  option(
    "upgrade-dial-timeout",
    duration,
    0,
    "Limit for connecting to the backend of an upgrade. 0: 30s; negative: none.",
  ),
  option("insecure", bool, false, "Does not verify TLS certificates of backends."),
  option("client-tls-cert", string, "", "Files with client certificates for backends (PEM), comma separated."),
  option("client-tls-key", string, "", "Files with the keys of -client-tls-cert, in the same order."),
  option(
    "enable-mtls",
    bool,
    false,
    "The one pair of -client-tls-cert and -client-tls-key is read again now and then, and a changed one is used.",
  ),
  option("client-tls-cert-refresh-interval", duration, 0, "How often the pair is read again with -enable-mtls. 0: 5m."),
  option("timeout-backend", duration, 60_000, "Limit for connecting to a backend; beyond it: 502. 0: none."),
  option("keepalive-backend", duration, 30_000, "Interval of TCP keep-alive probes. 0: 15s; negative: off."),
  option("enable-dualstack-backend", bool, true, "Connects to backends over IPv4 and IPv6."),
  option(
    "tls-timeout-backend",
    duration,
    60_000,
    "Limit for the TLS handshake with a backend; beyond it: 504. 0: none.",
  ),
  option(
    "response-header-timeout-backend",
    duration,
    60_000,
    "Limit for the response head after the request was written; beyond it: 504. 0: 60s; negative: none.",
  ),
  option(
    "expect-continue-timeout-backend",
    duration,
    30_000,
    "Wait for 100 Continue before the body is sent anyway. 0: 30s.",
  ),
  option("idle-conns-num", int, 64, "Idle connections kept for each backend host. 0 or less: 64."),
  option("max-idle-connection-backend", int, 0, "Idle connections kept in total. 0: no limit."),
  option(
    "close-idle-conns-period",
    duration,
    20_000,
    "Idle timeout of a backend connection, and period at which all idle ones are closed. 0: 20s; negative: never.",
  ),
  option("disable-http-keepalives", bool, false, "Opens a new backend connection for each request."),
  option(
    "passive-health-check",
    map,
    null,
    "Passive health check of endpoints: period, min-requests, max-drop-probability, min-drop-probability, max-unhealthy-endpoints-ratio.",
  ),
  option("backend-flush-interval", duration, 20, "Accepted, without effect: responses are flushed as they arrive."),
  option("enable-copy-stream-pool", bool, false, "Accepted, without effect."),
  option("lb-healthcheck-interval", duration, 0, "This option is deprecated and has no effect.", { deprecated: true }),
] as const;
