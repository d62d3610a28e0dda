// The flags of plugins, which skipper and `eskip check` share, as settings of the host that loads them.

import type { OptionValues } from "../config/option.ts";
import type { pluginOptions } from "../config/plugin-options.ts";
import { DEFAULT_FOLDER } from "../plugins/find-plugin.ts";
import type { PluginSettings } from "../plugins/plugin-host.ts";
import { packageFace } from "./package-face.ts";

export type PluginFlags = OptionValues<typeof pluginOptions>;

/** Without one of the flags nothing is looked for. */
export function usesPlugins(flags: PluginFlags): boolean {
  const { plugindir, filterPlugin, predicatePlugin, dataclientPlugin, multiPlugin } = flags;
  return (
    plugindir !== "" || [filterPlugin, predicatePlugin, dataclientPlugin, multiPlugin].some((list) => list.length > 0)
  );
}

export function pluginSettings(flags: PluginFlags, pollMs: number): PluginSettings {
  const { plugindir, filterPlugin, predicatePlugin, dataclientPlugin, multiPlugin, pluginTimeout } = flags;
  return {
    folders: plugindir === "" ? [DEFAULT_FOLDER] : [DEFAULT_FOLDER, plugindir],
    named: [
      ...filterPlugin.map((call) => ({ kind: "filter", ...call }) as const),
      ...predicatePlugin.map((call) => ({ kind: "predicate", ...call }) as const),
      ...dataclientPlugin.map((call) => ({ kind: "data client", ...call }) as const),
      ...multiPlugin.map((call) => ({ kind: "multi", ...call }) as const),
    ],
    limitMs: pluginTimeout > 0 ? pluginTimeout : Number.POSITIVE_INFINITY,
    pollMs,
    face: packageFace(),
  };
}
