// From the flags of spec kubernetes 2 to the settings of the translation. What the command line can be wrong about is found here,
// with the words of the spec; load.ts asks before anything starts.

import { parseFilters, parsePredicates } from "../eskip/parser.ts";
import { type CompiledRegexp, compileRegexp, RegexpError } from "../util/regexp.ts";
import type { AnnotationRule, AnnotationRules, PathMode, TrafficAlgorithm, TranslationSettings } from "./settings.ts";

/** The flags that say something about translation, as in Options. */
export interface TranslationFlags {
  readonly applicationLogLevel: string;
  readonly kubernetesHealthcheck: boolean;
  readonly whitelistedHealthcheckCidr: string;
  readonly reverseSourcePredicate: boolean;
  readonly kubernetesHttpsRedirect: boolean;
  readonly kubernetesHttpsRedirectCode: number;
  readonly kubernetesDisableCatchallRoutes: boolean;
  readonly kubernetesIngressClass: string;
  readonly kubernetesRoutegroupClass: string;
  readonly kubernetesPathMode: string;
  readonly enableKubernetesEndpointslices: boolean;
  readonly kubernetesTopologyZone: string;
  readonly enableKubernetesEastWest: boolean;
  readonly kubernetesEastWestDomain: string;
  readonly kubernetesEastWestRangeDomains: readonly string[];
  readonly kubernetesEastWestRangePredicates: string;
  readonly kubernetesAnnotationPredicates: readonly string[];
  readonly kubernetesAnnotationFiltersAppend: readonly string[];
  readonly kubernetesEastWestRangeAnnotationPredicates: readonly string[];
  readonly kubernetesEastWestRangeAnnotationFiltersAppend: readonly string[];
  readonly kubernetesApplicationAnnotationLabel: string;
  readonly enableKubernetesExternalNames: boolean;
  readonly kubernetesExternalNamePreserveHost: boolean;
  readonly kubernetesOnlyAllowedExternalNames: boolean;
  readonly kubernetesAllowedExternalName: readonly string[];
  readonly kubernetesBackendTrafficAlgorithm: string;
  readonly kubernetesDefaultLbAlgorithm: string;
  readonly kubernetesForceService: boolean;
  readonly kubernetesEnableTls: boolean;
  readonly defaultFiltersDir: string;
  readonly forwardBackendUrl: string;
  readonly opentracingBackendNameTag: boolean;
}

/** What is wrong with the flags. */
export class SettingsError extends Error {}

const pathModes: readonly string[] = ["kubernetes-ingress", "path-regexp", "path-prefix"] satisfies PathMode[];
const trafficAlgorithms: readonly string[] = [
  "traffic-predicate",
  "traffic-segment-predicate",
] satisfies TrafficAlgorithm[];
const lbAlgorithms = [
  "roundRobin",
  "random",
  "consistentHash",
  "powerOfRandomNChoices",
  "weightedRoundRobin",
  "leastRequests",
];
const DEFAULT_CLASS = "skipper";
const DEFAULT_EAST_WEST_DOMAIN = "skipper.cluster.local";
const DEFAULT_REDIRECT_CODE = 308;

/** What is wrong with the flags on the command line, in the order of spec flags 5; null when nothing is. */
export function checkTranslationFlags(flags: TranslationFlags): SettingsError | null {
  try {
    checkedParts(flags);
    return null;
  } catch (error) {
    if (error instanceof SettingsError) return error;
    throw error;
  }
}

/** Throws a SettingsError for flags that cannot be used, an invalid class among them. */
export function parseTranslationSettings(flags: TranslationFlags): TranslationSettings {
  const redirectCode = flags.kubernetesHttpsRedirectCode;
  return {
    healthcheck: flags.kubernetesHealthcheck,
    healthcheckLogsDisabled: !["debug", "trace"].includes(flags.applicationLogLevel.toLowerCase()),
    healthcheckCidrs: flags.whitelistedHealthcheckCidr.split(",").filter((cidr) => cidr !== ""),
    reverseSourcePredicate: flags.reverseSourcePredicate,
    httpsRedirect: flags.kubernetesHttpsRedirect,
    httpsRedirectCode: redirectCode > 0 ? redirectCode : DEFAULT_REDIRECT_CODE,
    catchAll: !flags.kubernetesDisableCatchallRoutes,
    ingressClass: classRegexp(flags.kubernetesIngressClass),
    routeGroupClass: classRegexp(flags.kubernetesRoutegroupClass),
    endpointSlices: flags.enableKubernetesEndpointslices,
    topologyZone: flags.kubernetesTopologyZone,
    eastWestDomain: eastWestDomain(flags),
    // Every host ends with "": a comma too many would move all of them inside.
    eastWestRangeDomains: flags.kubernetesEastWestRangeDomains.filter((domain) => domain !== ""),
    ...checkedParts(flags),
    applicationLabel: flags.kubernetesApplicationAnnotationLabel,
    externalNames: flags.enableKubernetesExternalNames,
    externalNamePreserveHost: flags.kubernetesExternalNamePreserveHost,
    allowedExternalNames: flags.kubernetesOnlyAllowedExternalNames
      ? flags.kubernetesAllowedExternalName.map(compile)
      : null,
    defaultLbAlgorithm: lbAlgorithms.includes(flags.kubernetesDefaultLbAlgorithm)
      ? flags.kubernetesDefaultLbAlgorithm
      : "roundRobin",
    forceService: flags.kubernetesForceService,
    forwardBackendUrl: flags.forwardBackendUrl,
    backendNameTag: flags.opentracingBackendNameTag,
    tls: flags.kubernetesEnableTls,
    hasDefaultFilters: flags.defaultFiltersDir !== "",
  };
}

type CheckedPart = "pathMode" | "eastWestRangePredicates" | "external" | "internal" | "trafficAlgorithm";

function checkedParts(flags: TranslationFlags): Pick<TranslationSettings, CheckedPart> {
  const pathMode = flags.kubernetesPathMode;
  if (!pathModes.includes(pathMode)) throw new SettingsError(`invalid path mode string: ${pathMode}`);
  const rangePredicates = parsePredicates(flags.kubernetesEastWestRangePredicates);
  if (rangePredicates.error !== null) {
    throw new SettingsError(`invalid east-west-range-predicates: ${rangePredicates.error.message}`);
  }
  const rules = annotationRules(flags);
  const trafficAlgorithm = flags.kubernetesBackendTrafficAlgorithm;
  if (!trafficAlgorithms.includes(trafficAlgorithm)) {
    throw new SettingsError(`invalid backend traffic algorithm: ${trafficAlgorithm}`);
  }
  return {
    pathMode: pathMode as PathMode,
    eastWestRangePredicates: rangePredicates.predicates,
    ...rules,
    trafficAlgorithm: trafficAlgorithm as TrafficAlgorithm,
  };
}

function eastWestDomain(flags: TranslationFlags): string {
  if (!flags.enableKubernetesEastWest) return "";
  const domain = flags.kubernetesEastWestDomain.replace(/^\.+|\.+$/g, "");
  return domain === "" ? DEFAULT_EAST_WEST_DOMAIN : domain;
}

function classRegexp(pattern: string): CompiledRegexp {
  return compile(pattern === "" ? DEFAULT_CLASS : pattern);
}

function compile(pattern: string): CompiledRegexp {
  const compiled = compileRegexp(pattern);
  if (compiled instanceof RegexpError) throw new SettingsError(compiled.message);
  return compiled;
}

type Parse = (text: string) => Pick<AnnotationRule, "items"> & { readonly error: { readonly message: string } | null };

const asPredicates: Parse = (text) => {
  const { predicates, error } = parsePredicates(text);
  return { items: predicates, error };
};

const asFilters: Parse = (text) => {
  const { filters, error } = parseFilters(text);
  return { items: filters, error };
};

function annotationRules(flags: TranslationFlags): { external: AnnotationRules; internal: AnnotationRules } {
  const predicates = parseRules(flags.kubernetesAnnotationPredicates, asPredicates, "annotation predicates");
  const filters = parseRules(flags.kubernetesAnnotationFiltersAppend, asFilters, "annotation filters");
  const { kubernetesEastWestRangeAnnotationPredicates: rangePredicates } = flags;
  const { kubernetesEastWestRangeAnnotationFiltersAppend: rangeFilters } = flags;
  return {
    external: { predicates, filters },
    internal: {
      predicates: parseRules(rangePredicates, asPredicates, "east-west annotation predicates"),
      filters: parseRules(rangeFilters, asFilters, "east-west annotation filters"),
    },
  };
}

/** `what` names the flag in messages. */
function parseRules(values: readonly string[], parse: Parse, what: string): AnnotationRule[] {
  const rules: AnnotationRule[] = [];
  const fail = (reason: string): never => {
    throw new SettingsError(`invalid ${what}: [${values.map((value) => JSON.stringify(value)).join(" ")}], ${reason}`);
  };
  for (const text of values) {
    if (text === "") continue;
    const shown = JSON.stringify(text);
    const [key, afterKey] = cut(text);
    if (afterKey === null) return fail(`invalid annotation flag: ${shown}, failed to get annotation key`);
    const [value, rest] = cut(afterKey);
    if (rest === null) return fail(`invalid annotation flag: ${shown}, failed to get annotation value`);
    const { items, error } = parse(rest);
    if (error !== null) return fail(`invalid annotation flag value: ${shown}, ${error.message}`);
    if (rules.some((rule) => rule.key === key && rule.value === value)) {
      const pair = JSON.stringify(`${key}=${value}`);
      return fail(`invalid annotation flag: ${shown}, duplicate annotation key-value ${pair}`);
    }
    rules.push({ key, value, items });
  }
  return rules;
}

/** The text before the first `=` and the one behind it; null when there is none. */
function cut(text: string): [string, string | null] {
  const at = text.indexOf("=");
  return at < 0 ? [text, null] : [text.slice(0, at), text.slice(at + 1)];
}
