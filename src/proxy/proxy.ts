// What all exchanges of one worker share: options, the routing table, backend connections, metrics, logs, the clock. Built by
// app/, handed to connections; nothing here belongs to a single request.

import type { Pools } from "../backends/pool.ts";
import type { HttpDate } from "../http/date.ts";
import type { HeadLimits } from "../http/h1/limits.ts";
import type { AccessLog } from "../observability/access-log.ts";
import type { Logger } from "../observability/log.ts";
import type { RequestMetrics } from "../observability/request-metrics.ts";
import type { TableReader } from "../routing/reader.ts";
import type { Deadlines } from "../util/deadlines.ts";
import type { ClientConnection } from "./client-connection.ts";
import type { ConnectionMetrics } from "./connection-metrics.ts";
import type { ForwardedHeaders } from "./forwarded-headers.ts";
import type { PanicLog } from "./panic-log.ts";
import type { RouteInstance } from "./route-instance.ts";

/** Settings of the data plane; times in milliseconds, Infinity for no limit. */
export interface ProxyOptions {
  readonly readTimeoutMs: number;
  readonly readHeaderTimeoutMs: number;
  readonly writeTimeoutMs: number;
  readonly idleTimeoutMs: number;
  /** Age and number of requests after which a client connection is closed; Infinity for no limit. */
  readonly keepAliveMs: number;
  readonly keepAliveRequests: number;
  /** 413 beyond this Content-Length; Infinity for no limit. */
  readonly maxContentLength: number;
  readonly validateQuery: boolean;
  readonly validateQueryLog: boolean;
  readonly refusePayload: readonly string[];
  readonly normalizeHost: boolean;
  readonly patchPath: boolean;
  readonly preserveHost: boolean;
  readonly removeHopHeaders: boolean;
  readonly upgrade: boolean;
  readonly upgradeAudit: boolean;
  readonly upgradeDialTimeoutMs: number;
  /** Lookups that a request may make beyond the first. */
  readonly maxLoopbacks: number;
  readonly defaultStatus: number;
  readonly responseHeaderTimeoutMs: number;
  readonly expectContinueTimeoutMs: number;
  readonly keepAliveBackend: boolean;
  readonly accessLog: boolean;
}

export interface Proxy {
  readonly options: ProxyOptions;
  readonly headLimits: HeadLimits;
  readonly table: TableReader<RouteInstance>;
  readonly pools: Pools;
  readonly deadlines: Deadlines;
  readonly date: HttpDate;
  readonly log: Logger;
  readonly accessLog: AccessLog;
  readonly metrics: RequestMetrics;
  /** Null: -enable-connection-metrics is not given. */
  readonly connectionMetrics: ConnectionMetrics | null;
  readonly panics: PanicLog;
  readonly forwarded: ForwardedHeaders | null;
  readonly connections: Set<ClientConnection>;
  /** True for the debug listener: requests are reported on and go to no backend. */
  readonly debug: boolean;
  /** True from the closing of the listener on: every response says `Connection: close`. */
  draining: boolean;
}
