// Settings for tests: everything is off but catch-all routes.

import { type CompiledRegexp, compileRegexp, RegexpError } from "../util/regexp.ts";
import type { TranslationSettings } from "./settings.ts";

export function regexp(pattern: string): CompiledRegexp {
  const compiled = compileRegexp(pattern);
  if (compiled instanceof RegexpError) throw new Error(compiled.message);
  return compiled;
}

export const plainSettings: TranslationSettings = {
  healthcheck: false,
  healthcheckLogsDisabled: true,
  healthcheckCidrs: [],
  reverseSourcePredicate: false,
  httpsRedirect: false,
  httpsRedirectCode: 308,
  catchAll: true,
  ingressClass: regexp("skipper"),
  routeGroupClass: regexp("skipper"),
  pathMode: "kubernetes-ingress",
  endpointSlices: false,
  topologyZone: "",
  eastWestDomain: "",
  eastWestRangeDomains: [],
  eastWestRangePredicates: [],
  external: { predicates: [], filters: [] },
  internal: { predicates: [], filters: [] },
  applicationLabel: "",
  externalNames: false,
  externalNamePreserveHost: false,
  allowedExternalNames: null,
  trafficAlgorithm: "traffic-predicate",
  defaultLbAlgorithm: "roundRobin",
  forceService: false,
  forwardBackendUrl: "",
  backendNameTag: false,
  tls: false,
  hasDefaultFilters: false,
};
