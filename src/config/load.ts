// From the command line to Options: default < configuration file < flags (spec route-sources 8, flags 2), then the checks whose
// failure ends the start. Called once by the command.

import { parseLogLevel } from "../observability/log.ts";
import { CidrError, parseCidrSet } from "../util/cidr.ts";
import { open, readFile } from "../util/lazy-files.ts";
import { openReason } from "../util/system-error.ts";
import { loadKeyPairs } from "./certificates.ts";
import { parseFlags, usage } from "./flags.ts";
import { Invalid } from "./option.ts";
import { defaultOptions, type Options, optionSpecs } from "./options.ts";
import { excludedNetworks, parseBuckets, parseForwardedHeaders, parseTlsVersion } from "./settings.ts";
import { parseConfigFile } from "./yaml.ts";

export type LoadedConfig =
  | { readonly type: "run"; readonly options: Options; readonly warnings: readonly string[] }
  /** Print `text` on standard error and exit with `code`: usage (0) or a bad flag with the usage (2). */
  | { readonly type: "exit"; readonly code: 0 | 2; readonly text: string }
  /** Log `message` as fatal and exit with 1. */
  | { readonly type: "fatal"; readonly message: string };

/** What is wrong with the options, "" when nothing is. */
export type OptionCheck = (options: Options) => string;

/** `checks`: those of other parts of the program. */
export async function loadConfig(
  program: string,
  argv: readonly string[],
  checks: readonly OptionCheck[] = [],
): Promise<LoadedConfig> {
  const first = parseFlags(optionSpecs, argv);
  if ("help" in first) return { type: "exit", code: 0, text: usage(program, optionSpecs) };
  if ("error" in first) return { type: "exit", code: 2, text: `${first.error}\n${usage(program, optionSpecs)}` };
  if (first.rest.length > 0) return fatal(`invalid arguments: [${first.rest.join(" ")}]`);

  let flags = first;
  let fromFile: Readonly<Record<string, unknown>> = {};
  let given = first.given;
  const file = first.values.configFile;
  if (typeof file === "string" && file !== "") {
    let text: string;
    try {
      text = await readFile(file, "utf8");
    } catch (cause) {
      return fatal(`invalid config file: ${openReason(cause, file)}`);
    }
    const parsed = parseConfigFile(optionSpecs, text);
    if ("error" in parsed) return fatal(`unmarshalling config file error: ${parsed.error}`);
    fromFile = parsed.values;
    given = [...parsed.given, ...first.given];
    // Read again, so that flags which accumulate stand behind the values of the file, each once.
    const again = parseFlags(optionSpecs, argv, fromFile);
    if ("values" in again) flags = again;
  }
  // Both sets were read by the kinds that the type of Options comes from.
  const options = { ...defaultOptions(), ...fromFile, ...flags.values } as Options;
  applyImplied(options);
  const problem = await check(options, checks);
  if (problem !== null) return fatal(problem.message);
  return { type: "run", options, warnings: [...deprecations(new Set(given)), ...departures(options)] };
}

function fatal(message: string): LoadedConfig {
  return { type: "fatal", message: `Error processing config: ${message}` };
}

const compatFields = [
  "allFiltersMetrics",
  "routeResponseMetrics",
  "routeBackendErrorCounters",
  "routeStreamErrorCounters",
  "routeBackendMetrics",
] as const;

/** Values that follow from other options, so that their readers need not know. */
function applyImplied(options: Options): void {
  if (!options.disableMetricsCompat) for (const field of compatFields) options[field] = true;
  if (options.kubernetes || options.routesFallbackKubernetes) options.normalizeHost = true;
  if (options.enablePrometheusMetrics && !options.metricsFlavour.includes("prometheus")) {
    options.metricsFlavour = [...options.metricsFlavour, "prometheus"];
  }
}

function deprecations(given: ReadonlySet<string>): string[] {
  return optionSpecs
    .filter((spec) => spec.deprecated && given.has(spec.name))
    .map((spec) => `${spec.name}: ${spec.description}`);
}

/** What is not done as it is asked for. */
function departures(options: Options): string[] {
  const lines: string[] = [];
  if (parseTlsVersion(options.tlsMinVersion) === null) {
    lines.push(`tls-min-version: ${JSON.stringify(options.tlsMinVersion)} is no TLS version, 1.2 is used`);
  }
  if (options.enablePrometheusNativeHistograms) {
    lines.push("enable-prometheus-native-histograms: there are none, histograms have buckets only");
  }
  return lines;
}

/** The checks of spec flags 5 in their order; the first failure. */
async function check(options: Options, checks: readonly OptionCheck[]): Promise<Invalid | null> {
  if (parseLogLevel(options.applicationLogLevel) === undefined) {
    return new Invalid(`not a valid logrus Level: ${JSON.stringify(options.applicationLogLevel)}`);
  }
  for (const checkOptions of checks) {
    const message = checkOptions(options);
    if (message !== "") return new Invalid(message);
  }
  const bucketTexts = [options.histogramMetricBuckets, options.responseSizeBuckets, options.requestSizeBuckets];
  for (const text of bucketTexts) {
    const buckets = parseBuckets(text);
    if (buckets instanceof Invalid) return buckets;
  }
  const forwarded = parseForwardedHeaders(options.forwardedHeaders);
  if (forwarded instanceof Invalid) return forwarded;
  const excluded = parseCidrSet(excludedNetworks(options.forwardedHeadersExcludeCidrs));
  if (excluded instanceof CidrError) return new Invalid(`invalid forwarded headers exclude CIDRs: ${excluded.message}`);
  // With -enable-mtls the pair is read, and checked, when the proxy starts.
  const pairs = options.enableMtls ? [] : await loadKeyPairs(options.clientTlsCert, options.clientTlsKey);
  if (pairs instanceof Invalid) return new Invalid(`invalid key/cert pair: ${pairs.message}`);
  return options.tlsKeyLogFile === "" ? null : await checkKeyLogFile(options.tlsKeyLogFile);
}

/** Workers write it; a file that is missing is made here, for its owner alone. */
async function checkKeyLogFile(path: string): Promise<Invalid | null> {
  try {
    await (await open(path, "a", 0o600)).close();
    return null;
  } catch (cause) {
    return new Invalid(openReason(cause, path));
  }
}
