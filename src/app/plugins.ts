// The plugins of the proxy, in the main thread: makes them known to the registry that routes are checked with, makes sources of their
// data clients, and puts new versions in force everywhere, so that no request meets a route that its worker cannot build:
// workers load -> all say yes -> workers use, the table is checked anew -> data clients change places. Imported only with plugin flags.

import type { Options } from "../config/options.ts";
import { pollIntervalMs } from "../data-clients/build.ts";
import type { Logger } from "../observability/log.ts";
import type { Containment } from "../plugins/contained-specs.ts";
import type { PluginVersion } from "../plugins/load-plugin.ts";
import { isSameVersion, type LoadedPlugin, PluginHost } from "../plugins/plugin-host.ts";
import { PluginSource } from "../plugins/plugin-source.ts";
import { PanicLog } from "../proxy/panic-log.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { RouteUpdater } from "../routing/updater.ts";
import type { Supervisor } from "../runtime/supervisor.ts";
import type { Registry } from "../spec/registry.ts";
import { type PluginFlags, pluginSettings } from "./plugin-flags.ts";
import { surviveStrayErrors } from "./stray-errors.ts";
import { addPlugins, changedNames } from "./worker-plugins.ts";

/** What a new version of a plugin changes. */
export interface PluginUsers {
  readonly table: RoutingTable;
  readonly updater: RouteUpdater;
  readonly supervisor: Supervisor;
}

export class Plugins {
  readonly #host: PluginHost;
  readonly #registry: Registry;
  readonly #log: Logger;
  readonly #containment: Containment;
  readonly #endSurvival: () => void;
  #inForce: readonly LoadedPlugin[];
  /** Of each plugin, in their order, which is always the same. */
  readonly #sources: readonly (readonly PluginSource[])[];

  private constructor(host: PluginHost, registry: Registry, log: Logger, startLimitMs: number) {
    this.#host = host;
    this.#registry = registry;
    this.#log = log;
    this.#endSurvival = surviveStrayErrors(log, false);
    const panics = new PanicLog(log);
    // Nothing is created in this thread.
    this.#containment = { guard: (filter) => filter, report: (text, who) => panics.report(text, who) };
    this.#inForce = host.plugins;
    this.#sources = this.#inForce.map(({ declarations }) =>
      declarations.dataClients.map((client) => new PluginSource(client, log, startLimitMs)),
    );
    this.#register();
  }

  /** Loads the plugins and adds them to the registry; rejects when one cannot be used. */
  static async open(options: Options, registry: Registry, log: Logger): Promise<Plugins> {
    const settings = pluginSettings(options, pollIntervalMs(options.sourcePollTimeout));
    return new Plugins(await PluginHost.open(settings, log), registry, log, settings.limitMs);
  }

  get sources(): readonly PluginSource[] {
    return this.#sources.flat();
  }

  /** What a new worker loads. */
  get versions(): readonly PluginVersion[] {
    return this.#inForce.map(({ version }) => version);
  }

  /** Follows changes of the files from now on. */
  watch(users: PluginUsers): void {
    this.#host.watch((plugins, former) => this.#takeOver(plugins, former, users));
  }

  stop(): void {
    this.#host.stop();
    this.#endSurvival();
  }

  async #takeOver(
    plugins: readonly LoadedPlugin[],
    former: readonly LoadedPlugin[],
    { table, updater, supervisor }: PluginUsers,
  ): Promise<string> {
    const problem = this.#sourcesProblem(plugins) || (await supervisor.offerPlugins(plugins.map((one) => one.version)));
    supervisor.usePlugins(problem === "");
    if (problem !== "") return problem;
    this.#inForce = plugins;
    this.#register();
    const before = performance.now();
    updater.rechecked(table.recheck(changedNames(plugins, former)), performance.now() - before);
    for (const [i, { version, declarations }] of plugins.entries()) {
      if (isSameVersion(version, former[i]!.version)) continue;
      await Promise.all(declarations.dataClients.map((client, k) => this.#sources[i]![k]!.replace(client)));
    }
    return "";
  }

  /** The number of sources is that of the start. */
  #sourcesProblem(plugins: readonly LoadedPlugin[]): string {
    for (const [i, { version, declarations }] of plugins.entries()) {
      const before = this.#sources[i]!.length;
      const now = declarations.dataClients.length;
      if (before === now) continue;
      return `${version.module.entry}: expected as many data clients as at the start, ${before}, got ${now}: others need a restart`;
    }
    return "";
  }

  #register(): void {
    for (const taken of addPlugins(this.#registry, this.#inForce, this.#containment)) {
      this.#log.warn(`plugins: there is another ${taken}, which counts`);
    }
  }
}

/** Makes the plugins of a command that does not run them known to its registry; rejects when one cannot be used. */
export async function addPluginsOf(
  flags: PluginFlags,
  registry: Registry,
  report: (text: string) => void,
): Promise<void> {
  const log = { debug: report, info: report, warn: report, error: report };
  const host = await PluginHost.open(pluginSettings(flags, Number.POSITIVE_INFINITY), log);
  for (const taken of addPlugins(registry, host.plugins, { guard: (filter) => filter, report })) {
    report(`plugins: there is another ${taken}, which counts`);
  }
  host.stop();
}
