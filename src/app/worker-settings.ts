// From the options to what a worker is built from: plain data that can be sent to a thread, every rule of "0 means" applied once.

import { availableParallelism } from "node:os";
import type { PoolOptions } from "../backends/pool.ts";
import { loadAuthorities, loadKeyPairs } from "../config/certificates.ts";
import { Invalid } from "../config/option.ts";
import type { Options } from "../config/options.ts";
import {
  excludedNetworks,
  type ForwardedHeaderSettings,
  parseBuckets,
  parseForwardedHeaders,
  parseTlsVersion,
} from "../config/settings.ts";
import { isCoding } from "../http/content-coding.ts";
import type { AccessLogSettings } from "../observability/access-log.ts";
import { parseLogLevel } from "../observability/log.ts";
import type { LogSettings } from "../observability/log-output.ts";
import { DEFAULT_BUCKETS, type MetricsSettings, metricSwitches } from "../observability/metrics-settings.ts";
import type { ListenAddress } from "../proxy/listener.ts";
import type { ProxyOptions } from "../proxy/proxy.ts";
import type { ServerTls } from "../proxy/server-certificates.ts";
import type { SecondLevelSettings } from "../response-store/second-level/shared-second-level.ts";
import type { FilterOptions, LuaOptions } from "../spec/env.ts";
import { CidrError, parseCidrSet } from "../util/cidr.ts";
import { crypto } from "../util/lazy-builtin.ts";
import { usesPlugins } from "./plugin-flags.ts";
import { secondLevelSettings } from "./second-level.ts";
import type { WorkerPluginSettings } from "./worker-plugins.ts";

export interface WorkerSettings {
  readonly proxy: ProxyOptions;
  readonly pools: PoolOptions;
  readonly listeners: readonly { readonly address: ListenAddress; readonly secure: boolean }[];
  /** Null: -debug-listener is not given. */
  readonly debugListener: ListenAddress | null;
  /** Null: TLS is off. */
  readonly tls: ServerTls | null;
  /** "": TLS secrets are not logged. */
  readonly tlsKeyLogFile: string;
  /** Null: -enable-proxy-protocol is not given. */
  readonly proxyProtocol: ProxyProtocolSettings | null;
  readonly maxHeaderBytes: number;
  readonly log: LogSettings;
  readonly accessLog: AccessLogSettings;
  readonly metrics: MetricsSettings;
  readonly connectionMetrics: boolean;
  /** Which route queues show metrics. */
  readonly queueMetrics: { readonly fifo: boolean; readonly lifo: boolean };
  /** Null: -forwarded-headers is not given. */
  readonly forwarded: ForwardedHeaderSettings | null;
  readonly forwardedExclude: readonly string[];
  readonly disabledFilters: readonly string[];
  readonly filters: FilterOptions;
  /** Of the response cache; null: -cache-second-level-urls is not given. */
  readonly secondLevel: SecondLevelSettings | null;
  readonly ignoreTrailingSlash: boolean;
  /** Null: no flag of plugins is given. */
  readonly plugins: WorkerPluginSettings | null;
}

/** Networks of peers, checked at start. */
export interface ProxyProtocolSettings {
  readonly deny: readonly string[];
  readonly skip: readonly string[];
  readonly allow: readonly string[];
}

const defaultStatus = 404;
const defaultLoopbacks = 9;

/** Number of workers: as asked, else the CPUs that the process may use. */
export function workerCount(options: Options): number {
  return options.workers > 0 ? options.workers : availableParallelism();
}

/** Rejects with a message for the fatal line when a file cannot be used. */
export async function workerSettings(options: Options): Promise<WorkerSettings> {
  const tls = await serverTls(options);
  const authorities = await loadAuthorities(options.mtlsAuthnCa);
  if (authorities instanceof Invalid) throw new Error(`-mtls-authn-ca: ${authorities.message}`);
  const forwarded = parseForwardedHeaders(options.forwardedHeaders);
  if (forwarded instanceof Invalid) throw new Error(forwarded.message);
  return {
    proxy: proxyOptions(options),
    pools: await poolOptions(options),
    listeners: listeners(options, tls),
    debugListener: options.debugListener === "" ? null : listenAddress(options.debugListener),
    tls,
    tlsKeyLogFile: options.tlsKeyLogFile,
    proxyProtocol: proxyProtocol(options),
    maxHeaderBytes: options.maxHeaderBytes > 0 ? options.maxHeaderBytes : 1_048_576,
    log: logSettings(options),
    accessLog: {
      path: options.accessLog,
      disabled: options.accessLogDisabled,
      json: options.accessLogJsonEnabled,
      stripQuery: options.accessLogStripQuery,
    },
    metrics: metricsSettings(options),
    connectionMetrics: options.enableConnectionMetrics,
    queueMetrics: { fifo: options.enableRouteFifoMetrics, lifo: options.enableRouteLifoMetrics },
    forwarded: options.forwardedHeaders.length > 0 ? forwarded : null,
    forwardedExclude: excludedNetworks(options.forwardedHeadersExcludeCidrs),
    disabledFilters: options.disabledFilters,
    filters: {
      compressEncodings: options.compressEncodings.filter(isCoding),
      maxMatcherBufferBytes: options.maxMatcherBufferSize,
      maxAuditBodyBytes: options.maxAuditBody,
      mtlsAuthorities: authorities,
      mtlsTrustsSystem: options.mtlsAuthnCa === "" || options.mtlsAuthnAppendCa,
      lua: luaOptions(options),
    },
    secondLevel: secondLevelSettings(options),
    ignoreTrailingSlash: options.ignoreTrailingSlash,
    plugins: usesPlugins(options)
      ? { limitMs: limit(options.pluginTimeout), disabledFilters: options.disabledFilters }
      : null,
  };
}

function luaOptions(options: Options): LuaOptions {
  return {
    enabled: options.enableLua,
    modules: options.luaModules,
    sources: options.luaSources,
    maxInstructions: Math.max(options.luaMaxInstructions, 1000),
    maxMemoryBytes: Math.max(options.luaMaxMemory, 1_048_576),
  };
}

export function logSettings(options: Options): LogSettings {
  return {
    level: parseLogLevel(options.applicationLogLevel) ?? "info",
    prefix: options.applicationLogPrefix,
    json: options.applicationLogJsonEnabled,
    path: options.applicationLog,
  };
}

/** 0 and less mean no limit. */
function limit(value: number): number {
  return value > 0 ? value : Number.POSITIVE_INFINITY;
}

function proxyOptions(options: Options): ProxyOptions {
  const readTimeoutMs = limit(options.readTimeoutServer);
  const status = options.defaultHttpStatus;
  return {
    readTimeoutMs,
    readHeaderTimeoutMs: options.readHeaderTimeoutServer > 0 ? options.readHeaderTimeoutServer : readTimeoutMs,
    writeTimeoutMs: limit(options.writeTimeoutServer),
    idleTimeoutMs: options.idleTimeoutServer > 0 ? options.idleTimeoutServer : readTimeoutMs,
    keepAliveMs: limit(options.keepaliveServer),
    keepAliveRequests: limit(options.keepaliveRequestsServer),
    maxContentLength: limit(options.maxContentLength),
    validateQuery: options.validateQuery,
    validateQueryLog: options.validateQueryLog,
    refusePayload: options.refusePayload,
    normalizeHost: options.normalizeHost,
    patchPath: options.rfcPatchPath,
    preserveHost: options.proxyPreserveHost,
    removeHopHeaders: options.removeHopHeaders,
    upgrade: options.experimentalUpgrade,
    upgradeAudit: options.experimentalUpgradeAudit,
    upgradeDialTimeoutMs:
      options.upgradeDialTimeout === 0
        ? 30_000
        : options.upgradeDialTimeout < 0
          ? Number.POSITIVE_INFINITY
          : options.upgradeDialTimeout,
    maxLoopbacks: options.maxLoopbacks < 0 ? 0 : options.maxLoopbacks === 0 ? defaultLoopbacks : options.maxLoopbacks,
    defaultStatus: status >= 100 && status <= 511 ? status : defaultStatus,
    responseHeaderTimeoutMs:
      options.responseHeaderTimeoutBackend === 0 ? 60_000 : limit(options.responseHeaderTimeoutBackend),
    expectContinueTimeoutMs: options.expectContinueTimeoutBackend > 0 ? options.expectContinueTimeoutBackend : 30_000,
    keepAliveBackend: !options.disableHttpKeepalives,
    accessLog: !options.accessLogDisabled,
  };
}

/** Limits of idle connections are those of the process: each worker gets its share. */
async function poolOptions(options: Options): Promise<PoolOptions> {
  const workers = workerCount(options);
  const idlePerHost = options.idleConnsNum > 0 ? options.idleConnsNum : 64;
  const period = options.closeIdleConnsPeriod;
  return {
    connectTimeoutMs: limit(options.timeoutBackend),
    tlsTimeoutMs: limit(options.tlsTimeoutBackend),
    keepAliveMs: options.keepaliveBackend === 0 ? 15_000 : options.keepaliveBackend,
    dualStack: options.enableDualstackBackend,
    idlePerHost: Math.ceil(idlePerHost / workers),
    idleTotal:
      options.maxIdleConnectionBackend > 0
        ? Math.ceil(options.maxIdleConnectionBackend / workers)
        : Number.POSITIVE_INFINITY,
    closeIdlePeriodMs: period === 0 ? 20_000 : limit(period),
    keepAlive: !options.disableHttpKeepalives,
    verifyTls: !options.insecure,
    clientCerts: await clientCertificates(options),
    tlsMinVersion: parseTlsVersion(options.tlsMinVersion) ?? "TLSv1.2",
  };
}

async function clientCertificates(options: Options): Promise<PoolOptions["clientCerts"]> {
  const pairs = await loadKeyPairs(options.clientTlsCert, options.clientTlsKey);
  if (options.enableMtls) {
    const problem =
      pairs instanceof Invalid ? pairs.message : pairs.length === 1 ? "" : `exactly one is needed, got ${pairs.length}`;
    if (problem !== "") throw new Error(`failed to enable MTLS, invalid key/cert pair: ${problem}`);
  }
  if (pairs instanceof Invalid) throw new Error(`invalid key/cert pair: ${pairs.message}`);
  return pairs.map(({ cert, key }) => ({ cert, key }));
}

async function serverTls(options: Options): Promise<ServerTls | null> {
  const pairs = await loadKeyPairs(options.tlsCert, options.tlsKey);
  if (pairs instanceof Invalid) throw new Error(pairs.message);
  if (pairs.length === 0 && !options.kubernetesEnableTls) return null;
  return {
    certificates: pairs.map(({ cert, key }) => ({ cert, key })),
    minVersion: parseTlsVersion(options.tlsMinVersion) ?? "TLSv1.2",
    secureCiphers: options.excludeInsecureCipherSuites,
    clientAuth: options.tlsClientAuth,
    ticketKeys: crypto().randomBytes(48),
  };
}

function proxyProtocol(options: Options): ProxyProtocolSettings | null {
  if (!options.enableProxyProtocol) return null;
  const lists = { deny: options.proxyDenyCidrs, skip: options.proxySkipCidrs, allow: options.proxyAllowCidrs };
  for (const list of Object.values(lists)) {
    const set = parseCidrSet(list);
    if (set instanceof CidrError) throw new Error(`failed to start proxy listener: ${set.message}`);
  }
  return lists;
}

function listeners(options: Options, tls: ServerTls | null): WorkerSettings["listeners"] {
  const main = {
    address: listenAddress(options.address === "" ? (tls === null ? ":80" : ":443") : options.address),
    secure: tls !== null,
  };
  if (options.insecureAddress === "" || tls === null) return [main];
  return [main, { address: listenAddress(options.insecureAddress), secure: false }];
}

/** `host:port`, `:port`, `[v6]:port`. Throws with a message that names the address. */
export function listenAddress(text: string): ListenAddress {
  const colon = text.lastIndexOf(":");
  const port = Number(text.slice(colon + 1));
  if (colon < 0 || text.slice(colon + 1) === "" || !Number.isInteger(port) || port < 0 || port > 65_535) {
    throw new Error(`listen tcp: address ${text}: expected host:port`);
  }
  return { host: text.slice(0, colon).replace(/^\[|\]$/g, ""), port };
}

function metricsSettings(options: Options): MetricsSettings {
  const prometheus = options.metricsFlavour.includes("prometheus");
  const buckets = (text: string, fallback: readonly number[], least: number) => {
    const parsed = parseBuckets(text);
    return parsed instanceof Invalid || parsed.length < least ? fallback : parsed;
  };
  return {
    codahale: !prometheus || options.metricsFlavour.includes("codahale"),
    prometheus,
    prefix: options.metricsPrefix === "" ? "skipper." : options.metricsPrefix,
    on: metricSwitches(
      {
        allFilters: options.allFiltersMetrics,
        routeBackend: options.routeBackendMetrics,
        backendHost: options.backendHostMetrics,
        backendZone: options.backendZoneMetrics,
        routeBackendErrors: options.routeBackendErrorCounters,
        routeStreamErrors: options.routeStreamErrorCounters,
        routeResponse: options.routeResponseMetrics,
        combinedResponse: options.combinedResponseMetrics,
        serveRoute: options.serveRouteMetrics,
        serveHost: options.serveHostMetrics,
        serveRouteCounter: options.serveRouteCounter,
        serveHostCounter: options.serveHostCounter,
        proxyRequest: options.proxyRequestMetrics,
        proxyResponse: options.proxyResponseMetrics,
      },
      options.disableMetricsCompat,
    ),
    serveMethod: options.serveMethodMetric,
    serveStatusCode: options.serveStatusCodeMetric,
    buckets: {
      duration: buckets(options.histogramMetricBuckets, DEFAULT_BUCKETS.duration, 1),
      responseSize: buckets(options.responseSizeBuckets, DEFAULT_BUCKETS.responseSize, 2),
      requestSize: buckets(options.requestSizeBuckets, DEFAULT_BUCKETS.requestSize, 2),
    },
    decayingSample: options.metricsExpDecaySample,
    startLabel: options.enablePrometheusStartLabel,
    runtimeMetrics: options.runtimeMetrics,
    debugGcMetrics: options.debugGcMetrics,
    compress: !options.disableMetricsCompression,
  };
}
