// A data plane with one listener and one route, or one for each path, for tests that need filters or backends of their own making.

import type net from "node:net";
import { after } from "node:test";
import { Pools } from "../backends/pool.ts";
import type { Route } from "../eskip/route.ts";
import { HttpDate } from "../http/date.ts";
import { requestHeadLimits } from "../http/h1/limits.ts";
import type { AccessLog, AccessLogRecord } from "../observability/access-log.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { RequestMetrics } from "../observability/request-metrics.ts";
import { newMetricCells, WorkerMetrics } from "../observability/worker-metrics.ts";
import { TableReader } from "../routing/reader.ts";
import type { Filter } from "../spec/filter.ts";
import { Deadlines } from "../util/deadlines.ts";
import type { Intake } from "./accepted-connection.ts";
import { listen, plainIntake } from "./listener.ts";
import { PanicLog } from "./panic-log.ts";
import type { Proxy, ProxyOptions } from "./proxy.ts";
import { BackendKind, RouteInstance } from "./route-instance.ts";
import { makeTarget } from "./target.ts";

const never = Number.POSITIVE_INFINITY;

export interface TestProxy {
  readonly port: number;
  /** `<client> <status>` for each line of the access log. */
  readonly seen: string[];
  /** `<level> <message>` for each line of the application log. */
  readonly logged: string[];
  readonly proxy: Proxy;
}

export interface TestRoute {
  readonly filters: readonly Filter[];
  /** Port of the backend; null for a shunt. */
  readonly backendPort: number | null | "loopback";
}

/** By the path of the request; other paths have no route. */
export type TestRoutes = Readonly<Record<string, TestRoute>>;

/** Without a route every request gets 404. Everything is closed when the test file ends. */
export async function startProxy(
  intake: Intake = plainIntake,
  options: Partial<ProxyOptions> = {},
  route: TestRoute | TestRoutes | null = null,
): Promise<TestProxy> {
  const seen: string[] = [];
  const logged: string[] = [];
  const deadlines = new Deadlines();
  const say = (level: string) => (message: string) => void logged.push(`${level} ${message}`);
  const log = { debug: say("debug"), info: say("info"), warn: say("warn"), error: say("error") };
  const accessLog = {
    wants: () => true,
    write: ({ remoteAddress, status }: AccessLogRecord) => void seen.push(`${remoteAddress} ${status}`),
  };
  const pools = new Pools(
    {
      closeIdlePeriodMs: never,
      connectTimeoutMs: never,
      keepAliveMs: 0,
      dualStack: false,
      keepAlive: true,
      idlePerHost: 64,
      idleTotal: never,
    } as Pools["options"],
    deadlines,
  );
  const metrics = new RequestMetrics(new WorkerMetrics(defaultMetricsSettings(), newMetricCells(1 << 16), () => {}));
  const table = new TableReader(unexpected, { ignoreTrailingSlash: false });
  if (route !== null) {
    const instances = new Map<string, RouteInstance>();
    const only = "filters" in route ? routeInstance("r", route as TestRoute, pools, metrics) : null;
    if (only === null) {
      for (const [path, one] of Object.entries(route as TestRoutes))
        instances.set(path, routeInstance(path, one, pools, metrics));
    }
    table.pin = () => {};
    table.lookup = (_pin, { matchPath }) => only ?? instances.get(matchPath) ?? null;
  }
  const proxy: Proxy = {
    // Only what is read on the way of these requests.
    options: {
      readTimeoutMs: never,
      readHeaderTimeoutMs: never,
      writeTimeoutMs: never,
      idleTimeoutMs: never,
      keepAliveMs: never,
      keepAliveRequests: never,
      maxContentLength: never,
      refusePayload: [],
      maxLoopbacks: 9,
      defaultStatus: 404,
      responseHeaderTimeoutMs: never,
      expectContinueTimeoutMs: never,
      upgradeDialTimeoutMs: never,
      keepAliveBackend: true,
      ...options,
    } as ProxyOptions,
    headLimits: requestHeadLimits(1 << 20),
    table,
    pools,
    deadlines,
    date: new HttpDate(),
    log,
    accessLog: accessLog as unknown as AccessLog,
    metrics,
    panics: new PanicLog(log),
    forwarded: null,
    connectionMetrics: null,
    connections: new Set(),
    debug: false,
    draining: false,
  };
  const server = await listen(proxy, { host: "127.0.0.1", port: 0 }, intake);
  after(() => {
    server.close();
    for (const connection of proxy.connections) connection.socket.destroy();
    pools.close();
  });
  return { port: (server.address() as net.AddressInfo).port, seen, logged, proxy };
}

function unexpected(): RouteInstance {
  throw new Error("there are no routes");
}

function routeInstance(
  id: string,
  { filters, backendPort }: TestRoute,
  pools: Pools,
  metrics: RequestMetrics,
): RouteInstance {
  const host = `127.0.0.1:${backendPort}`;
  const backend =
    backendPort === null || backendPort === "loopback"
      ? { kind: backendPort === null ? BackendKind.shunt : BackendKind.loopback, target: null, balancer: null }
      : {
          kind: BackendKind.network,
          target: makeTarget(pools, "http", host, "127.0.0.1", backendPort),
          balancer: null,
        };
  const calls = filters.map((_, i) => ({ name: `filter${i}`, args: [] }));
  const route = { id, predicates: [], hostRegexps: [], filters: calls } as unknown as Route;
  return new RouteInstance(route, () => true, filters, backend, metrics);
}
