// Options of the listeners and of client connections (spec proxy 1 to 6, 17; matching 2).

import { option } from "./option.ts";
import { bool, duration, int, list, multi, oneOf, string } from "./option-kinds.ts";

export const listenerOptions = [
  option("address", string, ":9090", "Main listener, host:port. Empty: :https with TLS, :http without."),
  option(
    "insecure-address",
    string,
    "",
    "Additional plain HTTP listener with the same handler; used only when TLS is on.",
  ),
  option(
    "support-listener",
    string,
    ":9911",
    "Listener of /routes and /metrics. Empty: the address of -metrics-listener; both empty: none.",
  ),
  option("metrics-listener", string, ":9911", "Address of the support listener when -support-listener is empty."),
  option("debug-listener", string, "", "Listener of the debug proxy, which shows what would be sent. Empty: off."),
  option(
    "workers",
    int,
    0,
    "Number of threads that serve requests. 0: one for each CPU that the control group grants.",
  ),
  option("status-checks", list(), [], "URLs that must answer GET with 200, in order, before the main listener opens."),
  option(
    "wait-for-healthcheck-interval",
    duration,
    45_000,
    "Time between SIGTERM and the closing of the listener, so that load balancers notice.",
  ),
  option("read-timeout-server", duration, 300_000, "Limit for reading a whole request with its body. 0: none."),
  option(
    "read-header-timeout-server",
    duration,
    60_000,
    "Limit for reading the head of a request. 0: -read-timeout-server.",
  ),
  option(
    "write-timeout-server",
    duration,
    60_000,
    "Limit from the end of the request head to the end of the response. 0: none.",
  ),
  option(
    "idle-timeout-server",
    duration,
    60_000,
    "Idle client connections are closed after this time. 0: -read-timeout-server.",
  ),
  option(
    "keepalive-server",
    duration,
    0,
    "The first response after this age of a connection carries Connection: close. 0: no limit.",
  ),
  option(
    "keepalive-requests-server",
    int,
    0,
    "The response of this number on a connection carries Connection: close. 0: no limit.",
  ),
  option(
    "max-header-bytes",
    int,
    1_048_576,
    "Largest request line and header in bytes; beyond it and 4096 more: 431. 0: 1048576.",
  ),
  option("max-content-length", int, 0, "Requests with a larger Content-Length in bytes get 413. 0: no limit."),
  option("validate-query", bool, true, "Answers queries that cannot be decoded with 400."),
  option("validate-query-log", bool, true, "Logs queries that cannot be decoded."),
  option("refuse-payload", multi, [], "Requests whose target or header contains this text get 400."),
  option(
    "normalize-host",
    bool,
    false,
    "Puts the request host in lower case and removes the port and one trailing dot.",
  ),
  option(
    "forwarded-headers",
    list(),
    [],
    "Headers to set on requests: X-Forwarded-For, -Host, -Method, -Uri, -Port=<port>|auto, -Proto=http|https|auto.",
  ),
  option("forwarded-headers-exclude-cidrs", list(), [], "Networks of peers for which -forwarded-headers does nothing."),
  option("enable-proxy-protocol", bool, false, "Reads PROXY protocol headers on the main and the insecure listener."),
  option("proxy-allow-cidrs", list(), [], "Networks of peers whose PROXY header is used."),
  option("proxy-deny-cidrs", list(), [], "Networks of peers whose PROXY header closes the connection; checked first."),
  option(
    "proxy-skip-cidrs",
    list(),
    [],
    "Networks of peers whose bytes are never read as a PROXY header; checked second.",
  ),
  option("tls-cert", string, "", "Files with server certificates (PEM), comma separated. Switches TLS on."),
  option("tls-key", string, "", "Files with the keys of -tls-cert, in the same order."),
  option("tls-min-version", string, "1.2", "Lowest TLS version: 1.0, 1.1, 1.2 or 1.3."),
  option(
    "tls-client-auth",
    oneOf(
      "NoClientCert",
      "RequestClientCert",
      "RequireAnyClientCert",
      "VerifyClientCertIfGiven",
      "RequireAndVerifyClientCert",
    ),
    "NoClientCert",
    "What the server asks of client certificates; the verifying policies use the CAs of the system.",
  ),
  option("exclude-insecure-cipher-suites", bool, false, "Offers only secure cipher suites up to TLS 1.2."),
] as const;
