// The sources of routes that the options ask for, in the order in which later ones win (spec route-sources 1).

import type { Logger } from "../observability/log.ts";
import type { DataClient } from "../spec/data-client.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { EtcdDataClient } from "./etcd.ts";
import { checkEtcdUrls } from "./etcd-client.ts";
import { InlineRoutes } from "./inline-routes.ts";
import { RoutesFile } from "./routes-file.ts";
import { RoutesUrl } from "./routes-url.ts";

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
}

/** Pause between polls when the option is 0 or less. */
const shortestPollMs = 30;

/** The pause between polls that -source-poll-timeout asks for, in milliseconds. */
export function pollIntervalMs(sourcePollTimeout: number): number {
  return sourcePollTimeout > 0 ? Math.min(sourcePollTimeout, LONGEST_TIMER_MS) : shortestPollMs;
}

/** `env` holds the proxy variables for downloads; `custom` are sources of an embedding program. An error stops the start. */
export function buildDataClients(
  settings: SourceSettings,
  env: NodeJS.ProcessEnv,
  log: Logger,
  custom: readonly DataClient[] = [],
): { readonly clients: readonly DataClient[] } | { readonly error: string } {
  const timeoutMs = Math.max(settings.sourcePollTimeout, 0);
  const pollMs = pollIntervalMs(settings.sourcePollTimeout);
  const clients: DataClient[] = [];
  if (settings.routesFile !== "") {
    for (const file of settings.routesFile.split(",")) clients.push(new RoutesFile({ file, pollMs }));
  }
  for (const [i, url] of settings.routesUrls.entries()) {
    const waitMs = Math.max(settings.routesUrlsWait, 0);
    const cacheFile = cacheFileOf(settings.routesCacheFile, i);
    if (/^https?:\/\//.test(url)) clients.push(new RoutesUrl({ url, pollMs, timeoutMs, waitMs, cacheFile, env, log }));
    else clients.push(new RoutesFile({ file: url, pollMs, name: "eskipfile-remote" }));
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
  return { clients };
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
