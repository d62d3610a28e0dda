// The Route Server: the Kubernetes data client without a proxy behind it, and what serves its routes to proxies (spec routesrv). Called
// by bin/routesrv.ts.

import type { Server } from "node:http";
import type { Options } from "../config/options.ts";
import type { ApplicationLog } from "../observability/log.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { DOWNLOAD_LIMITS, DownloadLimit } from "../routesrv/download-limit.ts";
import { FleetSize } from "../routesrv/fleet-size.ts";
import { createMainListener, listen } from "../routesrv/main-listener.ts";
import { Publications } from "../routesrv/publication.ts";
import { Publisher } from "../routesrv/publisher.ts";
import { RoutesHandler } from "../routesrv/routes-handler.ts";
import { ServerMetrics } from "../routesrv/server-metrics.ts";
import type { ShardSource } from "../routesrv/shards-handler.ts";
import { WaitingClients } from "../routesrv/waiting-clients.ts";
import { createSupportListener } from "../support/listener.ts";
import { createMetricsHandler } from "../support/metrics.ts";
import { formatDuration } from "../util/duration.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { clusterIntake } from "./cluster-intake.ts";
import { buildKubernetes, type KubernetesParts } from "./kubernetes.ts";
import { openProfiling } from "./profiling.ts";
import { followCertificates, listenerFilters, mainTls } from "./route-server-listener.ts";
import { openTracer } from "./tracing.ts";
import { listenAddress } from "./worker-settings.ts";

/** What is kept of earlier tables, so that deltas can be made from them. */
const HISTORY_BYTES = 8 << 20;
/** Requests that take longer than this are broken off at the end. */
const STOP_LIMIT_MS = 20_000;
/** How often connections that became idle are looked for at the end. */
const IDLE_CHECK_MS = 20;

export interface RunningRouteServer {
  /** SIGTERM: serve on for the health checks, close the listeners, end. */
  shutdown(waitMs: number): Promise<void>;
}

/** Rejects with the message of the fatal line when it cannot start. `environment`: variables of a pod, and of proxies. */
export async function startRouteServer(
  options: Options,
  log: ApplicationLog,
  environment: Readonly<Record<string, string | undefined>>,
): Promise<RunningRouteServer> {
  if (!options.kubernetes) throw new Error("-kubernetes flag required");
  const hub = new MetricsHub({ ...defaultMetricsSettings(), codahale: false, prometheus: true, prefix: "routesrv." });
  const metrics = new ServerMetrics(hub);
  const tracer = await openTracer(options, "routesrv", environment, log);
  // No certificates are distributed.
  const kubernetes = buildKubernetes(
    { ...options, kubernetesEnableTls: false },
    { variables: environment, log, hub, onCertificates: () => {}, writes: true },
  );
  const publications = new Publications(HISTORY_BYTES);
  const waiting = new WaitingClients(metrics);
  const publisher = new Publisher({
    publications,
    metrics,
    log,
    tracer,
    sourceVersions: () => kubernetes.routesVersions(),
    published: () => waiting.published((zone) => publications.snapshot(zone).hash),
    now: Date.now,
  });
  const source = await followCluster(options, kubernetes, publisher, metrics, log);
  const shards = shardSources(options, kubernetes, log);
  const listenerTls = await mainTls(options);
  const main = createMainListener({
    routes: new RoutesHandler({
      publications,
      waiting,
      downloads: new DownloadLimit(DOWNLOAD_LIMITS),
      metrics,
      fleet: new FleetSize(metrics),
      tracer,
      sourceVersions: () => publisher.sourceVersions,
    }),
    shards,
    metrics,
    isInitialized: () => publications.isInitialized,
    filter: await listenerFilters(options, hub, metrics, log),
    tls: listenerTls,
    log,
  });
  const started = source.start();
  if (shards.length > 0) {
    const problem = await started;
    if (problem !== "") throw new Error(problem);
  }
  try {
    await listen(main, listenAddress(options.address));
  } catch (cause) {
    source.stop();
    throw cause;
  }
  log.info(`Listen on ${options.address}`);
  const support = await openSupport(options, hub, log);
  const certificates = listenerTls === null ? null : followCertificates(options, main, listenerTls, log);

  return {
    async shutdown(waitMs) {
      log.info(`shutting down the server in ${formatDuration(waitMs)}...`);
      await new Promise((resolve) => setTimeout(resolve, Math.min(waitMs, LONGEST_TIMER_MS)));
      certificates?.stop();
      if (support !== null) {
        await support.close();
        log.info("supportServer shut down");
      }
      const closed = closeServer(main);
      waiting.stop();
      await closed;
      log.info("server shut down");
      await tracer?.shutdown();
      source.stop();
      publisher.stop();
      log.info("polling stopped");
    },
  };
}

interface FollowedCluster {
  /** Resolves when the first attempt to load is over: what went wrong, or "". */
  start(): Promise<string>;
  stop(): void;
}

async function followCluster(
  options: Options,
  kubernetes: KubernetesParts,
  publisher: Publisher,
  metrics: ServerMetrics,
  log: ApplicationLog,
): Promise<FollowedCluster> {
  let problem = "no answer";
  const intake = await clusterIntake(options, log, {
    refused: (id, reason, by) => metrics.refused(id, reason, by),
    accepted: (accepted) => {
      problem = "";
      publisher.accepted(accepted);
    },
    failed: (reason) => {
      problem = reason;
      publisher.failed(reason);
    },
  });
  // Never null with -kubernetes.
  const client = kubernetes.source!;
  return {
    async start() {
      log.info("starting polling", { timeout: formatDuration(Math.max(options.sourcePollTimeout, 0)) });
      metrics.gauge("polling_started_timestamp", Date.now() / 1000);
      await client.start(intake);
      return problem;
    },
    stop: () => client.stop(),
  };
}

function shardSources(options: Options, kubernetes: KubernetesParts, log: ApplicationLog): ShardSource[] {
  const found: ShardSource[] = [];
  const add = (kind: string, namespace: string, name: string, port: number): void => {
    if (namespace === "" || name === "") return;
    log.info(`Use endpoints ${namespace}/${name} to fetch updated ${kind} shards`);
    found.push({
      path: `/swarm/${kind}/shards`,
      gauge: `${kind}_endpoints`,
      port,
      addresses: () => kubernetes.serviceAddresses(namespace, name),
    });
  };
  const {
    kubernetesRedisServiceNamespace: redisNamespace,
    kubernetesRedisServiceName: redisName,
    kubernetesValkeyServiceNamespace: valkeyNamespace,
    kubernetesValkeyServiceName: valkeyName,
  } = options;
  add("redis", redisNamespace, redisName, options.kubernetesRedisServicePort);
  add("valkey", valkeyNamespace, valkeyName, options.kubernetesValkeyServicePort);
  return found;
}

/** Null when there is none, or it could not be opened, which is logged and stops nothing. */
async function openSupport(
  options: Options,
  hub: MetricsHub,
  log: ApplicationLog,
): Promise<{ close(): Promise<void> } | null> {
  if (options.supportListener === "") return null;
  const metrics = createMetricsHandler(hub);
  const profiling = await openProfiling(options, () => []);
  const handlers = [{ path: "/metrics", handle: metrics }, ...(profiling === null ? [] : [profiling])];
  const server = createSupportListener(handlers, log);
  try {
    await listen(server, listenAddress(options.supportListener));
  } catch (cause) {
    metrics.close();
    log.error(`Failed support listener: ${(cause as Error).message}`);
    return null;
  }
  log.info(`support listener on ${options.supportListener}`);
  return {
    close() {
      metrics.close();
      profiling?.handle.close();
      return closeServer(server);
    },
  };
}

/** Resolves when the requests that have begun are answered, at the latest after STOP_LIMIT_MS. */
function closeServer(server: Server): Promise<void> {
  return new Promise((resolve) => {
    const limit = setTimeout(() => server.closeAllConnections(), STOP_LIMIT_MS);
    // A connection is idle again when its last answer has left.
    const idle = setInterval(() => server.closeIdleConnections(), IDLE_CHECK_MS);
    server.close(() => {
      clearTimeout(limit);
      clearInterval(idle);
      resolve();
    });
  });
}
