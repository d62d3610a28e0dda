// All options of the proxy, in one list, and the type of their values. Read by flags.ts, yaml.ts and the reference generator.
// A flag stands here only when it has an effect, or when it is known to have none: any other flag is an error.

import { backendOptions } from "./backend-options.ts";
import { filterOptions } from "./filter-options.ts";
import { kubernetesOptions } from "./kubernetes-options.ts";
import { listenerOptions } from "./listener-options.ts";
import { observabilityOptions } from "./observability-options.ts";
import { fieldName, type OptionSpec, type OptionValues, option } from "./option.ts";
import { bool, string } from "./option-kinds.ts";
import { pluginOptions } from "./plugin-options.ts";
import { routeServerOptions } from "./route-server-options.ts";
import { sourceOptions } from "./source-options.ts";
import { tracingOptions } from "./tracing-options.ts";
import { webhookOptions } from "./webhook-options.ts";

const generalOptions = [
  option("config-file", string, "", "File with values of options in YAML; flags win over it.", { yamlKey: null }),
  option("version", bool, false, "Prints the version and exits."),
] as const;

const lists = [
  ...generalOptions,
  ...listenerOptions,
  ...backendOptions,
  ...filterOptions,
  ...observabilityOptions,
  ...tracingOptions,
  ...sourceOptions,
  ...kubernetesOptions,
  ...pluginOptions,
  ...webhookOptions,
  ...routeServerOptions,
] as const;

/** The values of all options by field name: `-idle-conns-num` is `idleConnsNum`. Durations are in milliseconds. */
export type Options = OptionValues<typeof lists>;

export const optionSpecs: readonly OptionSpec[] = lists;

/** A fresh set of defaults; tests and embedding programs override fields of it. */
export function defaultOptions(): Options {
  // The entries are built from the same list as the type.
  return Object.fromEntries(optionSpecs.map((spec) => [fieldName(spec.name), spec.default])) as Options;
}
