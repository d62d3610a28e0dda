// The plugins of a worker: loads the versions that the main thread names, and says with which declarations a route is built. While new
// plugins come in there are two sets of them: those in force, and others that a route is built with when only they know what it names.

import type { MessagePort } from "node:worker_threads";
import type { Route } from "../eskip/route.ts";
import type { Logger } from "../observability/log.ts";
import { type Containment, containFilter, containPredicate } from "../plugins/contained-specs.ts";
import type { Declarations } from "../plugins/declarations.ts";
import { loadPlugin, type PluginVersion } from "../plugins/load-plugin.ts";
import { isSameVersion } from "../plugins/plugin-host.ts";
import { PluginModules } from "../plugins/plugin-modules.ts";
import { PanicLog } from "../proxy/panic-log.ts";
import { pluginFilter } from "../proxy/plugin-filter.ts";
import { checkRoute } from "../routing/check-route.ts";
import type { FromWorker, ToWorker } from "../runtime/messages.ts";
import type { FilterSpec } from "../spec/filter.ts";
import type { Registry } from "../spec/registry.ts";
import { packageFace } from "./package-face.ts";
import { shippedRegistry } from "./shipped-registry.ts";

export interface WorkerPluginSettings {
  /** For loading, and for each promise of a filter; Infinity: none. */
  readonly limitMs: number;
  readonly disabledFilters: readonly string[];
}

/** Plugins that are loaded. */
interface PluginSet {
  readonly serial: number;
  readonly plugins: readonly { readonly version: PluginVersion; readonly declarations: Declarations }[];
  readonly registry: Registry;
}

export class WorkerPlugins {
  readonly #settings: WorkerPluginSettings;
  readonly #lua: FilterSpec | undefined;
  readonly #modules = new PluginModules(packageFace());
  readonly #containment: Containment;
  #inForce!: PluginSet;
  /** Those before, or those that are offered. */
  #aside: PluginSet | null = null;

  private constructor(settings: WorkerPluginSettings, lua: FilterSpec | undefined, log: Logger) {
    this.#settings = settings;
    this.#lua = lua;
    const panics = new PanicLog(log);
    this.#containment = {
      guard: (filter, name) => pluginFilter(filter, name, settings.limitMs),
      report: (text, who) => panics.report(text, who),
    };
  }

  /** `lua`: the shipped lua() with what runs it. Rejects when a plugin cannot be loaded. */
  static async open(
    versions: readonly PluginVersion[],
    settings: WorkerPluginSettings,
    lua: FilterSpec | undefined,
    log: Logger,
  ): Promise<WorkerPlugins> {
    const plugins = new WorkerPlugins(settings, lua, log);
    plugins.#inForce = await plugins.#load(0, versions);
    return plugins;
  }

  /** The declarations that fit a route which the table has accepted. */
  registryFor(route: Route): Registry {
    const { registry } = this.#inForce;
    const other = this.#aside?.registry;
    if (other === undefined || checkRoute(route, registry) === null) return registry;
    return checkRoute(route, other) === null ? other : registry;
  }

  /** Hears of new plugins from now on; `onChange` when the routes that `isStale` names have to be built anew. */
  listen(port: MessagePort, onChange: (isStale: (route: Route) => boolean) => void): void {
    const say = (message: FromWorker): void => port.postMessage(message);
    port.on("message", async (message: ToWorker) => {
      if (message.type === "loadPlugins") {
        const { serial, plugins } = message;
        try {
          this.#aside = await this.#load(serial, plugins);
          say({ type: "pluginsLoaded", serial, problem: "" });
        } catch (error) {
          say({ type: "pluginsLoaded", serial, problem: (error as Error).message });
        }
      } else if (message.type === "usePlugins" && this.#aside?.serial === message.serial) {
        const former = this.#inForce;
        this.#inForce = this.#aside;
        this.#aside = former;
        this.#forgetUnused(former);
        const names = changedNames(this.#inForce.plugins, former.plugins);
        onChange((route) => namesOneOf(route, names));
      }
    });
  }

  /** What was in force until now is needed only for routes; of its code nothing more is imported but what it imports itself. */
  #forgetUnused(former: PluginSet): void {
    const used = new Set(this.#inForce.plugins.map(({ version }) => version.module.number));
    for (const { version } of former.plugins) {
      if (!used.has(version.module.number)) this.#modules.forget(version.module.number);
    }
  }

  async #load(serial: number, versions: readonly PluginVersion[]): Promise<PluginSet> {
    const plugins: PluginSet["plugins"][number][] = [];
    for (const version of versions) {
      const declarations = await loadPlugin(this.#modules, version, this.#settings.limitMs);
      if (declarations !== null) plugins.push({ version, declarations });
    }
    const registry = shippedRegistry(this.#settings.disabledFilters, this.#lua);
    addPlugins(registry, plugins, this.#containment);
    return { serial, plugins, registry };
  }
}

/** Makes the declarations of plugins known; gives a text for each whose name means something else. */
export function addPlugins(
  registry: Registry,
  plugins: readonly { readonly declarations: Declarations }[],
  containment: Containment,
): string[] {
  return registry.addPlugins(
    plugins.flatMap(({ declarations }) => declarations.filters.map((spec) => containFilter(spec, containment))),
    plugins.flatMap(({ declarations }) => declarations.predicates.map((spec) => containPredicate(spec, containment))),
  );
}

/** The names of filters and predicates that mean something else than before, or mean something only before or now. */
export function changedNames(now: PluginSet["plugins"], before: PluginSet["plugins"]): ReadonlySet<string> {
  const names = new Set<string>();
  const addNew = (these: PluginSet["plugins"], those: PluginSet["plugins"]): void => {
    for (const { version, declarations } of these) {
      if (those.some((one) => isSameVersion(one.version, version) && one.version.name === version.name)) continue;
      for (const { name } of [...declarations.filters, ...declarations.predicates]) names.add(name);
    }
  };
  addNew(now, before);
  addNew(before, now);
  return names;
}

function namesOneOf({ filters, predicates }: Route, names: ReadonlySet<string>): boolean {
  return filters.some(({ name }) => names.has(name)) || predicates.some(({ name }) => names.has(name));
}
