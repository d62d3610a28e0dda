// Entry of a worker thread: builds the data plane from the settings that the main thread sent, and serves.

import { openSync, writeSync } from "node:fs";
import { parentPort, workerData } from "node:worker_threads";
import type { WorkerEndpoints } from "../backends/endpoint-registry.ts";
import { Endpoints } from "../backends/endpoints.ts";
import { Pools } from "../backends/pool.ts";
import { luaWith } from "../filters/lua/lua.ts";
import { HttpDate } from "../http/date.ts";
import { requestHeadLimits } from "../http/h1/limits.ts";
import type { ProgramText } from "../lua/program-text.ts";
import { openAccessLog } from "../observability/access-log.ts";
import { openWorkerLog } from "../observability/log-output.ts";
import { loadHash64 } from "../observability/mask-query.ts";
import { reportsRuntime } from "../observability/metrics-settings.ts";
import { RequestMetrics } from "../observability/request-metrics.ts";
import { reportRuntime } from "../observability/runtime-reading.ts";
import { WorkerMetrics } from "../observability/worker-metrics.ts";
import type { PluginVersion } from "../plugins/load-plugin.ts";
import type { TlsListener } from "../proxy/accepted-connection.ts";
import { ConnectionMetrics } from "../proxy/connection-metrics.ts";
import { ForwardedHeaders } from "../proxy/forwarded-headers.ts";
import { PanicLog } from "../proxy/panic-log.ts";
import type { Proxy } from "../proxy/proxy.ts";
import type { ProxyProtocol } from "../proxy/proxy-protocol.ts";
import { RequestCopies } from "../proxy/request-copies.ts";
import { RouteBuilder, type RouteBuilderOptions } from "../proxy/route-builder.ts";
import { ServerCertificates } from "../proxy/server-certificates.ts";
import { type WorkerQueueShare, WorkerQueues } from "../resilience/scheduler/worker-queues.ts";
import type { WorkerResponseStore } from "../response-store/response-store-owner.ts";
import { SharedResponseStore } from "../response-store/shared-response-store.ts";
import { TableReader } from "../routing/reader.ts";
import type { TableGeneration } from "../routing/table-generation.ts";
import { beat, type HeartbeatCell } from "../runtime/heartbeat.ts";
import type { ToWorker } from "../runtime/messages.ts";
import { seriesPosts } from "../runtime/series-posts.ts";
import { runWorker } from "../runtime/worker-loop.ts";
import { CidrError, type CidrSet, parseCidrSet } from "../util/cidr.ts";
import { Deadlines } from "../util/deadlines.ts";
import { debugProxy } from "./debug-proxy.ts";
import { openSecondLevel } from "./second-level.ts";
import { sharedByName } from "./shared-by-name.ts";
import { shippedRegistry } from "./shipped-registry.ts";
import type { WorkerPlugins } from "./worker-plugins.ts";
import type { WorkerSettings } from "./worker-settings.ts";

interface WorkerData {
  readonly plugins: readonly PluginVersion[];
  readonly programs: readonly ProgramText[];
  readonly heartbeat: HeartbeatCell;
  readonly settings: WorkerSettings;
  readonly cells: Float64Array;
  readonly endpoints: WorkerEndpoints;
  readonly queues: WorkerQueueShare;
  readonly responses: WorkerResponseStore;
  readonly generation: TableGeneration;
  readonly shuttingDown: boolean;
}

/** Lines that are still held when the worker ends are written for at most this long. */
const LOG_CLOSE_MS = 1000;

const data = workerData as WorkerData;
const { settings } = data;
const port = parentPort!;
const { log, writeError, close: closeLog } = openWorkerLog(settings.log);
const { accessLog, close: closeAccessLog } = await openAccessLog(settings.accessLog, log);
const workerMetrics = new WorkerMetrics(
  settings.metrics,
  data.cells,
  seriesPosts((message) => port.postMessage(message)),
);
if (reportsRuntime(settings.metrics)) reportRuntime(workerMetrics);
const metrics = new RequestMetrics(workerMetrics);
const connectionMetrics = settings.connectionMetrics ? new ConnectionMetrics(workerMetrics) : null;
let shuttingDown = data.shuttingDown;
const logsDebug = settings.log.level === "debug" || settings.log.level === "trace";
const deadlines = new Deadlines();
const pools = new Pools(settings.pools, deadlines);
const lua = await openLua();
const plugins = await openPlugins();
const registry = shippedRegistry(settings.disabledFilters, lua?.spec);
const routes: RouteBuilderOptions = {
  registryFor: (route) => plugins?.registryFor(route) ?? registry,
  pools,
  metrics,
  predicateEnv: { now: Date.now, random: Math.random, shuttingDown: () => shuttingDown },
  filterEnv: {
    options: settings.filters,
    log,
    audit: writeError,
    now: Date.now,
    random: Math.random,
    count: (name, key, by) => metrics.count(name, key, by),
    cache: new SharedResponseStore(data.responses.memory, {
      worker: data.responses.worker,
      count: (name, by) => metrics.countCustom(name, by),
      now: Date.now,
    }),
    secondLevel: await openSecondLevel(settings.secondLevel, {
      ...data.responses,
      log,
      count: (name, by) => metrics.count("cache", `l2.${name}`, by),
      now: Date.now,
    }),
    shared: sharedByName(),
    routeCopy: (copy, body) => copies.route(copy, body),
    queues: new WorkerQueues(data.queues, (kind, key) => {
      if (settings.queueMetrics[kind === "fifo" ? "fifo" : "lifo"]) metrics.countCustom(key, 1);
    }),
  },
  balancerEnv: {
    endpoints: new Endpoints(data.endpoints.memory, data.endpoints.column),
    hash: await loadHash64(),
    log,
    now: Date.now,
    random: Math.random,
    count: (name, by) => metrics.countCustom(name, by),
    onDropped: logsDebug ? (endpoint) => log.debug(`Passive health check: leaving out ${endpoint}`) : null,
  },
};
const builder = new RouteBuilder(routes);
const copies = new RequestCopies(() => proxy);

const proxy: Proxy = {
  options: settings.proxy,
  headLimits: requestHeadLimits(settings.maxHeaderBytes),
  table: new TableReader(
    (route) => builder.build(route),
    { ignoreTrailingSlash: settings.ignoreTrailingSlash },
    data.generation,
  ),
  pools,
  deadlines,
  date: new HttpDate(),
  log,
  accessLog,
  metrics,
  connectionMetrics,
  panics: new PanicLog(log),
  forwarded: forwardedHeaders(),
  connections: new Set(),
  debug: false,
  draining: false,
};

function forwardedHeaders(): ForwardedHeaders | null {
  if (settings.forwarded === null) return null;
  const exclude = settings.forwardedExclude.length === 0 ? null : parseCidrSet(settings.forwardedExclude);
  return new ForwardedHeaders({ ...settings.forwarded, exclude: exclude instanceof CidrError ? null : exclude });
}

/** The interpreter is loaded only where it is asked for. */
async function openLua() {
  if (!settings.filters.lua.enabled) return null;
  const [{ createLua }, { ScriptTexts }] = await Promise.all([
    import("../filters/lua/create-lua.ts"),
    import("../filters/lua/script-texts.ts"),
  ]);
  const texts = new ScriptTexts(data.programs);
  return { texts, spec: luaWith({ create: createLua(texts) }) };
}

/** Their code, and what holds it in bounds, is loaded only where there are plugins. */
async function openPlugins(): Promise<WorkerPlugins | null> {
  if (settings.plugins === null) return null;
  const [{ WorkerPlugins }, { surviveStrayErrors }] = await Promise.all([
    import("./worker-plugins.ts"),
    import("./stray-errors.ts"),
  ]);
  surviveStrayErrors(log, true);
  return WorkerPlugins.open(data.plugins, settings.plugins, lua?.spec, log);
}

const tls = tlsListener();
const proxyProtocol = proxyProtocolSets();

function tlsListener(): TlsListener | null {
  if (settings.tls === null) return null;
  const { clientAuth } = settings.tls;
  return { certificates: new ServerCertificates(settings.tls), clientAuth, keyLog: openKeyLog(settings.tlsKeyLogFile) };
}

function openKeyLog(path: string): TlsListener["keyLog"] {
  if (path === "") return null;
  const file = openSync(path, "a", 0o600);
  return (line) => void writeSync(file, line);
}

function proxyProtocolSets(): ProxyProtocol | null {
  if (settings.proxyProtocol === null) return null;
  // The main thread has checked the lists.
  const set = (list: readonly string[]) => parseCidrSet(list) as CidrSet;
  const { deny, skip, allow } = settings.proxyProtocol;
  return { deny: set(deny), skip: set(skip), allow: set(allow) };
}

const debug =
  settings.debugListener === null
    ? null
    : { address: settings.debugListener, proxy: debugProxy(proxy, routes, settings, data.generation) };
runWorker(
  port,
  proxy,
  settings.listeners.map(({ address, secure }) => ({ address, intake: { proxyProtocol, tls: secure ? tls : null } })),
  debug,
  () => {
    shuttingDown = true;
  },
  async () => {
    await closeAccessLog(LOG_CLOSE_MS);
    await closeLog(LOG_CLOSE_MS);
  },
);
if (lua !== null) {
  port.on("message", (message: ToWorker) => {
    if (message.type === "program") lua.texts.put(message.program);
  });
}
plugins?.listen(port, (isStale) => {
  proxy.table.drop(({ route }) => isStale(route));
  debug?.proxy.table.drop(({ route }) => isStale(route));
});
beat(data.heartbeat);
