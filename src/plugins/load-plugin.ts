// One version of a plugin, from its module to its declarations: the same check in the main thread and in every worker.

import { formatDuration } from "../util/duration.ts";
import { type Declarations, declarationsOf, PluginFailure } from "./declarations.ts";
import { failureText } from "./failure-text.ts";
import type { ModuleVersion, PluginModules } from "./plugin-modules.ts";

/** Which flag names a plugin, and so what it may offer. One that no flag names is of the kind `multi`. */
export type PluginKind = "filter" | "predicate" | "data client" | "multi";

/** A version of a plugin as workers get it; plain data. */
export interface PluginVersion {
  readonly kind: PluginKind;
  readonly name: string;
  /** The lines of its .conf file, then what stands in the flag. */
  readonly options: readonly string[];
  readonly module: ModuleVersion;
}

/**
 * Null for a module without default export. Rejects with PluginFailure, whose message has file and line; also when it takes longer than
 * `limitMs` (Infinity: no limit).
 */
export async function loadPlugin(
  modules: PluginModules,
  version: PluginVersion,
  limitMs: number,
): Promise<Declarations | null> {
  const { kind, options, module } = version;
  let declarations: Declarations | null;
  try {
    declarations = await within(limitMs, load(modules, module, options));
  } catch (error) {
    throw new PluginFailure(failureText(error, module.entry, modules.files(module.number).texts));
  }
  if (declarations === null) return null;
  const { filters, predicates, dataClients } = declarations;
  const offered: readonly (readonly [PluginKind, readonly { readonly name: string }[]])[] = [
    ["filter", filters],
    ["predicate", predicates],
    ["data client", dataClients],
  ];
  for (const [one, list] of offered) {
    if (kind === "multi" || kind === one || list.length === 0) continue;
    const got = `the ${one} ${list[0]!.name}`;
    throw new PluginFailure(`${module.entry}: expected a ${kind} only, got ${got} (-multi-plugin takes any)`);
  }
  return declarations;
}

async function load(
  modules: PluginModules,
  module: ModuleVersion,
  options: readonly string[],
): Promise<Declarations | null> {
  return declarationsOf(await modules.import(module), options);
}

async function within<T>(limitMs: number, loading: Promise<T>): Promise<T> {
  if (limitMs === Number.POSITIVE_INFINITY) return loading;
  const { promise, reject } = Promise.withResolvers<never>();
  const timer = setTimeout(() => {
    reject(new PluginFailure(`was not loaded within ${formatDuration(limitMs)} (-plugin-timeout)`));
  }, limitMs);
  try {
    return await Promise.race([loading, promise]);
  } finally {
    clearTimeout(timer);
  }
}
