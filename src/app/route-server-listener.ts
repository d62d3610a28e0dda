// What stands in front of the main listener of the Route Server: TLS with client certificates, and filters (spec routesrv 6 and 7).

import { openSync, writeSync } from "node:fs";
import { loadAuthorities, loadKeyPairs } from "../config/certificates.ts";
import { Invalid } from "../config/option.ts";
import type { Options } from "../config/options.ts";
import { parseTlsVersion } from "../config/settings.ts";
import type { Call } from "../eskip/route.ts";
import type { ApplicationLog, Logger } from "../observability/log.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import { QueueRegistry } from "../resilience/scheduler/queue-registry.ts";
import { queueFilterNames, queueUse } from "../resilience/scheduler/queue-settings.ts";
import { WorkerQueues } from "../resilience/scheduler/worker-queues.ts";
import { ResponseStoreOwner } from "../response-store/response-store-owner.ts";
import { SharedResponseStore } from "../response-store/shared-response-store.ts";
import { buildFilterChain, PROXY_FILTERS } from "../routesrv/filter-chain.ts";
import { contextOf, type createMainListener, type ListenerTls } from "../routesrv/main-listener.ts";
import type { ServerMetrics } from "../routesrv/server-metrics.ts";
import { checkArgs } from "../spec/args.ts";
import type { Registry } from "../spec/registry.ts";
import { tls } from "../util/lazy-builtin.ts";
import { sharedByName } from "./shared-by-name.ts";
import { shippedRegistry } from "./shipped-registry.ts";
import { SERVER_CERTIFICATES_MS, watchCertificates } from "./watch-certificates.ts";
import { workerSettings } from "./worker-settings.ts";

/** The filters of -route-server-filters; null when there are none. */
export async function listenerFilters(
  options: Options,
  hub: MetricsHub,
  metrics: ServerMetrics,
  log: ApplicationLog,
): Promise<ReturnType<typeof buildFilterChain> | null> {
  if (options.routeServerFilters.length === 0) return null;
  const unknown = options.mtlsAuthnCa === "" ? [...PROXY_FILTERS, "mtlsAuthn"] : PROXY_FILTERS;
  const registry = shippedRegistry([...options.disabledFilters, ...unknown]);
  // -enable-mtls means another certificate here.
  const { filters } = await workerSettings({ ...options, enableMtls: false });
  return buildFilterChain(options.routeServerFilters, registry, {
    options: filters,
    log,
    audit: (line) => log.info(line),
    now: Date.now,
    random: Math.random,
    count: (name, key) => metrics.count(`${name}.custom.${key}`),
    shared: sharedByName(),
    // There is no table that a copy could go through.
    routeCopy: async () => ({ outcome: "dropped", status: 0 }),
    queues: listenerQueues(options.routeServerFilters, registry, hub, log),
    cache: noResponses(),
    secondLevel: null,
  });
}

/** The one filter that would use it is not known here. */
function noResponses(): SharedResponseStore {
  const { memory, worker } = new ResponseStoreOwner(1, 0).addWorker(1);
  return new SharedResponseStore(memory, { worker, count: () => {}, now: Date.now });
}

/** The queues that the filters of the listener name, as those of one route. */
function listenerQueues(calls: readonly Call[], registry: Registry, hub: MetricsHub, log: Logger): WorkerQueues {
  const metrics = { fifo: false, lifo: false };
  const queues = new QueueRegistry({ workers: 1, metrics, gauges: hub.main, log, now: Date.now });
  for (const [i, { name, args }] of calls.entries()) {
    const spec = queueFilterNames.has(name) ? registry.filter(name) : undefined;
    const checked = spec === undefined ? null : checkArgs(spec.args, args);
    if (checked !== null && "values" in checked) queues.refer(queueUse(name, checked.values, ""), 0, String(i));
  }
  queues.settle();
  return new WorkerQueues(queues.addWorker(1), () => {});
}

/** The TLS of -enable-mtls; null when it is off. Rejects with a message for the fatal line. */
export async function mainTls(options: Options): Promise<ListenerTls | null> {
  if (!options.enableMtls) return null;
  const pairs = await loadKeyPairs(options.tlsCert, options.tlsKey);
  if (pairs instanceof Invalid) throw new Error(`-enable-mtls: ${pairs.message}`);
  if (pairs.length === 0) throw new Error("-enable-mtls: -tls-cert and -tls-key are needed");
  const authorities = await loadAuthorities(options.mtlsAuthnCa);
  if (authorities instanceof Invalid) throw new Error(`-mtls-authn-ca: ${authorities.message}`);
  const trustsSystem = options.mtlsAuthnCa === "" || options.mtlsAuthnAppendCa;
  return {
    pairs,
    authorities: trustsSystem ? [...authorities, ...tls().getCACertificates("system")] : authorities,
    minVersion: parseTlsVersion(options.tlsMinVersion) ?? "TLSv1.2",
    secureCiphers: options.excludeInsecureCipherSuites,
    keyLog: openKeyLog(options.tlsKeyLogFile),
  };
}

/** Takes changed files of -tls-cert and -tls-key over. */
export function followCertificates(
  options: Options,
  main: ReturnType<typeof createMainListener>,
  settings: ListenerTls,
  log: ApplicationLog,
): { stop(): void } {
  const watched = {
    certFiles: options.tlsCert,
    keyFiles: options.tlsKey,
    present: settings.pairs,
    periodMs: SERVER_CERTIFICATES_MS,
    changedLine: "server certificates were replaced",
    refusedLine: "certificates are not replaced",
  };
  return watchCertificates(watched, log, (pairs) => {
    if (!("setSecureContext" in main)) return;
    main.setSecureContext(contextOf(settings, pairs));
  });
}

function openKeyLog(path: string): ListenerTls["keyLog"] {
  if (path === "") return null;
  const file = openSync(path, "a", 0o600);
  return (line) => void writeSync(file, line);
}
