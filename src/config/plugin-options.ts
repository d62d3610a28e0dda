// Options of plugins (spec route-sources 9, predicates 14), and what holds their code in bounds.

import { option } from "./option.ts";
import { duration, plugins, string } from "./option-kinds.ts";

export const pluginOptions = [
  option(
    "plugindir",
    string,
    "",
    "Folder with plugins, beside ./plugins. Both are looked through when this or another plugin flag is given.",
  ),
  option("filter-plugin", plugins, [], "Plugins with filters, separated by blanks."),
  option("predicate-plugin", plugins, [], "Plugins with predicates, separated by blanks."),
  option("dataclient-plugin", plugins, [], "Plugins with sources of routes, separated by blanks."),
  option("multi-plugin", plugins, [], "Plugins with any of these, separated by blanks."),
  option(
    "plugin-timeout",
    duration,
    10_000,
    "Limit of each promise that a filter of a plugin waits for; beyond it: 504. Also of loading a plugin. 0: none.",
  ),
] as const;
