// The proxy: puts the control plane together in the order of spec proxy 20, and takes it down again. Called by bin/skipper.ts and by
// programs that embed the proxy.

import { EndpointRegistry } from "../backends/endpoint-registry.ts";
import { Invalid } from "../config/option.ts";
import type { Options } from "../config/options.ts";
import { parsePassiveHealthCheck } from "../config/settings.ts";
import { buildDataClients } from "../data-clients/build.ts";
import { forbiddenLua, lua, luaWith } from "../filters/lua/lua.ts";
import type { ScriptFiles, ScriptUsers } from "../filters/lua/script-files.ts";
import type { ApplicationLog, Logger } from "../observability/log.ts";
import { type OpenLog, openLog } from "../observability/log-output.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { QueueRegistry } from "../resilience/scheduler/queue-registry.ts";
import { responseBudget } from "../response-store/response-budget.ts";
import { ResponseStoreOwner } from "../response-store/response-store-owner.ts";
import { buildPreProcessors } from "../routing/pre-processors/pre-processing.ts";
import { RoutingTable } from "../routing/table.ts";
import { RouteUpdater } from "../routing/updater.ts";
import { Supervisor } from "../runtime/supervisor.ts";
import type { LuaOptions } from "../spec/env.ts";
import type { Registry } from "../spec/registry.ts";
import { createSupportListener, healthHandler, listenSupport, type SupportHandler } from "../support/listener.ts";
import { createMetricsHandler, type MetricsHandler } from "../support/metrics.ts";
import { serveRoutes } from "../support/routes.ts";
import { formatDuration } from "../util/duration.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import type { RunningAdmission } from "./admission.ts";
import type { KubernetesEnvironment, KubernetesParts } from "./kubernetes.ts";
import { usesPlugins } from "./plugin-flags.ts";
import type { Plugins } from "./plugins.ts";
import { openProfiling } from "./profiling.ts";
import { routeUpdateMetrics } from "./route-update-metrics.ts";
import type { fallbackSource } from "./routes-fallback.ts";
import type { RoutesShadow } from "./routes-shadow.ts";
import { shippedRegistry } from "./shipped-registry.ts";
import { waitForStatusChecks } from "./status-checks.ts";
import { showTableOrigin, tableOrigin } from "./table-age-metrics.ts";
import { refuseTracing } from "./tracing.ts";
import type { ProxyParts } from "./validation-webhook.ts";
import { SERVER_CERTIFICATES_MS, watchCertificates } from "./watch-certificates.ts";
import { watchEndpoints } from "./watch-endpoints.ts";
import { watchQueues } from "./watch-queues.ts";
import { logSettings, type WorkerSettings, workerCount, workerSettings } from "./worker-settings.ts";

/** How often the certificate for backends is read again with -enable-mtls. */
const CLIENT_CERTIFICATE_MS = 300_000;

export interface RunningSkipper {
  /** SIGTERM: tell predicates, wait for the health checks, drain, end. */
  shutdown(waitMs: number): Promise<void>;
  /** Ends one worker as a crash would, so that a program can try out what its clients see. */
  crashWorker(): void;
}

/**
 * Starts the proxy; rejects with the message of the fatal line when it cannot start. Of `environment` the proxy variables
 * (`HTTP_PROXY` and the like) count for what it downloads.
 */
export async function startSkipper(
  options: Options,
  openedLog: OpenLog = openLog(logSettings(options)),
  environment: Readonly<Record<string, string | undefined>> = {},
): Promise<RunningSkipper> {
  const log: ApplicationLog = openedLog.log;
  await refuseTracing(options, "skipper", environment, log);
  const settings = await workerSettings(options);
  const hub = new MetricsHub(settings.metrics);
  const health = parsePassiveHealthCheck(options.passiveHealthCheck);
  if (health instanceof Invalid) throw new Error(health.message);
  const workers = workerCount(options);
  const endpoints = new EndpointRegistry({ workers, health, log, now: Date.now });
  const queues = new QueueRegistry({ workers, metrics: settings.queueMetrics, gauges: hub.main, log, now: Date.now });
  const responses = new ResponseStoreOwner(workers, responseBudget());
  if (!/^1\.?[0-3]$/.test(options.tlsMinVersion)) {
    log.info(`unknown TLS version ${JSON.stringify(options.tlsMinVersion)} in -tls-min-version: 1.2 is used`);
  }
  log.info(`Expose metrics in format: ${JSON.stringify(flavourText(options))}`);

  const kubernetes = await openKubernetes(options, {
    variables: environment,
    log,
    hub,
    onCertificates: (change) => supervisor.changeHostCertificates(change),
    writes: true,
  });
  const scripts = await openScripts(settings.filters.lua, {
    log,
    publish: (program) => supervisor.giveProgram(program),
    recheck: () => {
      const before = performance.now();
      updater.rechecked(table.recheck([lua.name]), performance.now() - before);
    },
  });
  const registry = shippedRegistry(
    options.disabledFilters,
    scripts === null ? forbiddenLua() : luaWith({ check: scripts.check }),
  );
  const plugins = await openPlugins(options, registry, log);
  const custom = [...(kubernetes === null ? [] : [kubernetes.source]), ...(plugins?.sources ?? [])];
  const built = buildDataClients(
    options,
    environment,
    log,
    custom.filter((source) => source !== null),
    await openFallback(options, { variables: environment, log, hub, onCertificates: () => {}, writes: false }),
  );
  if ("error" in built) throw new Error(built.error);
  let shuttingDown = false;
  const preProcessors = buildPreProcessors(options, log);
  const webhook = options.validationWebhookEnabled
    ? await openWebhook(options, { registry, preProcessors, hub, log })
    : null;
  const table = new RoutingTable({
    registry,
    ignoreTrailingSlash: options.ignoreTrailingSlash,
    publish: (generation) => supervisor.publish(generation),
    now: Date.now,
  });
  const supervisor = new Supervisor({
    count: workers,
    entry: new URL(`../app/worker.${import.meta.url.endsWith(".ts") ? "ts" : "js"}`, import.meta.url),
    settings,
    addresses: settings.listeners.map((listener) => listener.address),
    hub,
    endpoints,
    queues,
    responses,
    log,
    generation: () => table.generation(),
    hostCertificates: () => kubernetes?.hostCertificates() ?? null,
    plugins: () => plugins?.versions ?? [],
    programs: () => scripts?.programs ?? [],
    stallMs: options.workerStallTimeout,
    shuttingDown: () => shuttingDown,
  });
  supervisor.start();
  endpoints.start();
  queues.start();
  const updater = new RouteUpdater({
    sources: built.clients,
    table: watchQueues(watchEndpoints(table, endpoints.endpoints, Date.now), queues, registry),
    preProcessors,
    metrics: routeUpdateMetrics(hub),
    log,
    suppressLogs: options.suppressRouteUpdateLogs,
  });
  void updater.firstLoad.then(() => log.info("Dataclients are updated once, first load complete"));
  if (options.debugListener !== "") log.info(`debug listener on ${options.debugListener}`);
  const origin = tableOrigin(built.ages);
  const shownOrigin = origin === null ? null : showTableOrigin(origin, hub);
  const profiling = await openProfiling(options, () => supervisor.profiledWorkers());
  const shown = [{ path: "/routes", handle: serveRoutes(table, origin) }, ...(profiling === null ? [] : [profiling])];
  const refresh = async (): Promise<void> => {
    await supervisor.catchUp();
    reportResponses(hub, responses);
  };
  const support = await openSupport(options, shown, () => createMetricsHandler(hub, refresh), log);
  const serve = async (): Promise<void> => {
    await Promise.all([updater.start(), kubernetes?.start()]);
    await waitForStatusChecks(options.statusChecks, log);
    if (options.waitFirstRouteLoad) await updater.firstLoad;
    await supervisor.listen();
  };
  try {
    await Promise.race([serve(), supervisor.startFailed]);
  } catch (cause) {
    updater.stop();
    kubernetes?.stop();
    plugins?.stop();
    scripts?.stop();
    endpoints.stop();
    queues.stop();
    shownOrigin?.stop();
    support?.close();
    await supervisor.abandon();
    throw cause;
  }
  plugins?.watch({ table, updater, supervisor });
  const shadow = await openShadow(options, { environment, table, hub, log });
  const certificates = watchAllCertificates(options, settings, supervisor, log);
  logListeners(options, settings, log);

  return {
    async shutdown(waitMs) {
      shuttingDown = true;
      supervisor.shuttingDown();
      log.info("Got shutdown signal for Shutdown predicates");
      log.info(`Got shutdown signal, wait ${formatDuration(waitMs)} for health check`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, LONGEST_TIMER_MS)));
      log.info("Start shutdown");
      shadow?.stop();
      updater.stop();
      kubernetes?.stop();
      plugins?.stop();
      scripts?.stop();
      for (const watch of certificates) watch.stop();
      await Promise.all([supervisor.drain(), webhook?.stop()]);
      endpoints.stop();
      queues.stop();
      shownOrigin?.stop();
      support?.close();
      log.info("done.");
      await openedLog.close(1000);
    },
    crashWorker: () => supervisor.crashOne(),
  };
}

/** Those of the server, and with -enable-mtls the one for backends. */
function watchAllCertificates(
  options: Options,
  settings: WorkerSettings,
  supervisor: Supervisor,
  log: Logger,
): { stop(): void }[] {
  const watches: { stop(): void }[] = [];
  if (settings.tls !== null && settings.tls.certificates.length > 0) {
    const server = {
      certFiles: options.tlsCert,
      keyFiles: options.tlsKey,
      present: settings.tls.certificates,
      periodMs: SERVER_CERTIFICATES_MS,
      changedLine: "server certificates were replaced",
      refusedLine: "certificates are not replaced",
    };
    watches.push(watchCertificates(server, log, (pairs) => supervisor.replaceCertificates(pairs)));
  }
  if (options.enableMtls) {
    const client = {
      certFiles: options.clientTlsCert,
      keyFiles: options.clientTlsKey,
      present: settings.pools.clientCerts,
      periodMs: options.clientTlsCertRefreshInterval > 0 ? options.clientTlsCertRefreshInterval : CLIENT_CERTIFICATE_MS,
      changedLine: "certReloader: updated cert",
      refusedLine: "certReloader: cert is not updated",
    };
    watches.push(watchCertificates(client, log, (pairs) => supervisor.replaceClientCertificates(pairs)));
  }
  return watches;
}

/** Loaded only where it is asked for: an idle proxy stays small. */
async function openKubernetes(options: Options, environment: KubernetesEnvironment): Promise<KubernetesParts | null> {
  if (!options.kubernetes && !options.kubernetesEnableTls) return null;
  const { buildKubernetes } = await import("./kubernetes.ts");
  return buildKubernetes(options, environment);
}

/** Scripts in Lua: the interpreter is loaded only where it is asked for. */
async function openScripts(options: LuaOptions, users: ScriptUsers): Promise<ScriptFiles | null> {
  if (!options.enabled) return null;
  const { ScriptFiles } = await import("../filters/lua/script-files.ts");
  return new ScriptFiles(options, users);
}

/** Loaded only where it is asked for, like the cluster. */
async function openFallback(
  options: Options,
  environment: KubernetesEnvironment,
): Promise<ReturnType<typeof fallbackSource> | null> {
  if (!options.routesFallbackKubernetes) return null;
  const { fallbackSource } = await import("./routes-fallback.ts");
  return fallbackSource(options, environment);
}

/** Loaded only where it is asked for, like the cluster. */
async function openPlugins(options: Options, registry: Registry, log: Logger): Promise<Plugins | null> {
  if (!usesPlugins(options)) return null;
  const { Plugins } = await import("./plugins.ts");
  return Plugins.open(options, registry, log);
}

interface ShadowParts {
  readonly environment: Readonly<Record<string, string | undefined>>;
  readonly table: RoutingTable;
  readonly hub: MetricsHub;
  readonly log: Logger;
}

async function openShadow(
  options: Options,
  { environment, table, hub, log }: ShadowParts,
): Promise<RoutesShadow | null> {
  if (options.routesShadowUrl === "") return null;
  const { RoutesShadow } = await import("./routes-shadow.ts");
  const shadow = new RoutesShadow({
    url: options.routesShadowUrl,
    intervalMs: options.routesShadowInterval,
    forwardBackendUrl: options.forwardBackendUrl,
    environment,
    table,
    log,
    gauge: (key, value) => hub.main.customGauge(key).set(value),
    count: (key) => hub.main.customCounter(key).add(1),
  });
  shadow.start();
  return shadow;
}

/** The start failed, and the message is the whole fatal line. */
export class StartFailure extends Error {}

async function openWebhook(options: Options, parts: ProxyParts): Promise<RunningAdmission> {
  const { startValidationWebhook } = await import("./validation-webhook.ts");
  try {
    return await startValidationWebhook(options, parts);
  } catch (cause) {
    throw new StartFailure(`Failed to start validation webhook: ${(cause as Error).message}`, { cause });
  }
}

function logListeners(options: Options, settings: WorkerSettings, log: Logger): void {
  if (settings.proxyProtocol !== null) log.info("start PROXY PROTOCOL wrapped listener");
  if (settings.tls === null) log.info("TLS settings not found, defaulting to HTTP");
  if (settings.listeners.length > 1) log.info(`Insecure listener on ${options.insecureAddress}`);
  log.info(`Listen on ${options.address}`);
}

function flavourText(options: Options): string {
  const { metricsFlavour } = options;
  return metricsFlavour.length === 0
    ? "codahale"
    : ["prometheus", "codahale"].filter((f) => metricsFlavour.includes(f)).join("|");
}

/** One figure for the process; a store that was never used has none. */
function reportResponses(hub: MetricsHub, responses: ResponseStoreOwner): void {
  if (responses.isUsed) hub.main.customGauge("lru_bytes").set(responses.storedBytes);
}

/** The support listener; null when there is none. It is served until `close`. */
async function openSupport(
  options: Options,
  shown: readonly SupportHandler[],
  createMetrics: () => MetricsHandler,
  log: ApplicationLog,
): Promise<{ close(): void } | null> {
  const address = options.supportListener === "" ? options.metricsListener : options.supportListener;
  if (address === "") {
    log.info("Metrics are disabled");
    return null;
  }
  const metrics = createMetrics();
  const handlers = [...shown, { path: "/metrics", handle: metrics }, healthHandler];
  const server = createSupportListener(handlers, log);
  if (await listenSupport(server, address, log)) log.info(`support listener on ${address}`);
  return {
    close() {
      metrics.close();
      server.close();
      server.closeAllConnections();
    },
  };
}
