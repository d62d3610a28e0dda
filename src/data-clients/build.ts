// The sources of routes that the options ask for, in the order in which later ones win (spec route-sources 1).

import type { Logger } from "../observability/log.ts";
import type { DataClient } from "../spec/data-client.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { EtcdDataClient } from "./etcd.ts";
import { checkEtcdUrls } from "./etcd-client.ts";
import { InlineRoutes } from "./inline-routes.ts";
import { type OtherSource, RouteFallback } from "./route-fallback.ts";
import { RoutesFile } from "./routes-file.ts";
import { RoutesUrl } from "./routes-url.ts";
import { ServerCredentials } from "./server-credentials.ts";
import type { TableAge } from "./table-age.ts";

/** The options that name sources, as in Options. */
export interface SourceSettings {
  readonly routesFile: string;
  readonly routesUrls: readonly string[];
  readonly inlineRoutes: string;
  readonly etcdUrls: string;
  readonly etcdPrefix: string;
  /** Milliseconds. */
  readonly etcdTimeout: number;
  readonly etcdInsecure: boolean;
  readonly etcdOauthToken: string;
  readonly etcdUsername: string;
  readonly etcdPassword: string;
  /** Milliseconds. */
  readonly sourcePollTimeout: number;
  readonly ensureDataclients: readonly string[];
  /** Milliseconds. */
  readonly routesUrlsWait: number;
  /** "" for none. */
  readonly routesCacheFile: string;
  /** Files, "" for none. */
  readonly routesUrlsClientCert: string;
  readonly routesUrlsClientKey: string;
  readonly routesUrlsCa: string;
  readonly routesUrlsTokenFile: string;
  /** Milliseconds. */
  readonly routesFallbackAfter: number;
  /** Proxies of the fleet that may begin in one second. */
  readonly routesFallbackBudget: number;
  /** 0: as the Route Servers say. */
  readonly routesFallbackFleet: number;
}

export interface BuiltSources {
  readonly clients: readonly DataClient[];
  /** Of the tables of remote sources. */
  readonly ages: readonly TableAge[];
}

/** Pause between polls when the option is 0 or less. */
const shortestPollMs = 30;

/** The pause between polls that -source-poll-timeout asks for, in milliseconds. */
export function pollIntervalMs(sourcePollTimeout: number): number {
  return sourcePollTimeout > 0 ? Math.min(sourcePollTimeout, LONGEST_TIMER_MS) : shortestPollMs;
}

/**
 * `env` holds the proxy variables for downloads; `custom` are sources of an embedding program; `openFallback` makes the source that
 * takes the place of the first remote one. An error stops the start.
 */
export function buildDataClients(
  settings: SourceSettings,
  env: NodeJS.ProcessEnv,
  log: Logger,
  custom: readonly DataClient[] = [],
  openFallback: (() => OtherSource) | null = null,
): BuiltSources | { readonly error: string } {
  const timeoutMs = Math.max(settings.sourcePollTimeout, 0);
  const pollMs = pollIntervalMs(settings.sourcePollTimeout);
  const clients: DataClient[] = [];
  const ages: TableAge[] = [];
  if (settings.routesFile !== "") {
    for (const file of settings.routesFile.split(",")) clients.push(new RoutesFile({ file, pollMs }));
  }
  if ((settings.routesUrlsClientCert === "") !== (settings.routesUrlsClientKey === "")) {
    return { error: "-routes-urls-client-cert and -routes-urls-client-key: both are needed, or none" };
  }
  const credentials = serverCredentials(settings, log);
  for (const [i, url] of settings.routesUrls.entries()) {
    const waitMs = Math.max(settings.routesUrlsWait, 0);
    const cacheFile = cacheFileOf(settings.routesCacheFile, i);
    if (/^https?:\/\//.test(url)) {
      const served = new RoutesUrl({ url, pollMs, timeoutMs, waitMs, cacheFile, credentials, env, log });
      const isFirst = ages.length === 0;
      clients.push(openFallback !== null && isFirst ? withFallback(settings, served, openFallback, log) : served);
      ages.push(served.age);
    } else {
      clients.push(new RoutesFile({ file: url, pollMs, name: "eskipfile-remote" }));
    }
  }
  if (openFallback !== null && ages.length === 0) {
    return { error: "-routes-fallback-kubernetes: -routes-urls names no server whose place the cluster could take" };
  }
  if (openFallback !== null && settings.routesFallbackBudget <= 0) {
    return { error: `-routes-fallback-budget: expected a number above 0, got ${settings.routesFallbackBudget}` };
  }
  if (settings.inlineRoutes !== "") clients.push(new InlineRoutes(settings.inlineRoutes));
  if (settings.etcdUrls !== "") {
    const urls = settings.etcdUrls.split(",");
    const problem = checkEtcdUrls(urls);
    if (problem !== "") return { error: `error while creating etcd client: ${problem}` };
    clients.push(new EtcdDataClient(etcdSettings(settings, urls), pollMs, log));
  }
  addCustom(clients, custom, log);
  const missing = settings.ensureDataclients.find((name) => !clients.some((client) => client.name === name));
  if (missing !== undefined) return { error: `failed to find dataclient that was ensured: ${JSON.stringify(missing)}` };
  return { clients, ages };
}

function serverCredentials(settings: SourceSettings, log: Logger): ServerCredentials | null {
  const files = {
    cert: settings.routesUrlsClientCert,
    key: settings.routesUrlsClientKey,
    ca: settings.routesUrlsCa,
    token: settings.routesUrlsTokenFile,
  };
  return Object.values(files).some((file) => file !== "") ? new ServerCredentials(files, log) : null;
}

function withFallback(settings: SourceSettings, served: RoutesUrl, open: () => OtherSource, log: Logger): DataClient {
  return new RouteFallback({
    served,
    open,
    afterMs: Math.max(settings.routesFallbackAfter, 0),
    perSecond: settings.routesFallbackBudget,
    fleet: settings.routesFallbackFleet,
    random: Math.random,
    log,
  });
}

/** Every remote source has a file of its own: the second one has the name with `.2` behind it. */
function cacheFileOf(path: string, index: number): string {
  return path === "" || index === 0 ? path : `${path}.${index + 1}`;
}

function etcdSettings(
  settings: SourceSettings,
  urls: readonly string[],
): ConstructorParameters<typeof EtcdDataClient>[0] {
  return {
    urls,
    prefix: settings.etcdPrefix,
    timeoutMs: settings.etcdTimeout,
    insecure: settings.etcdInsecure,
    oauthToken: settings.etcdOauthToken,
    username: settings.etcdUsername,
    password: settings.etcdPassword,
  };
}

function addCustom(clients: DataClient[], custom: readonly DataClient[], log: Logger): void {
  for (const client of custom) {
    if (clients.includes(client)) {
      log.error(`Duplicate data clients are not allowed, ignoring client #${clients.length}: ${client.name}`);
    } else {
      clients.push(client);
    }
  }
}
