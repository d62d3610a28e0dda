// What the flags -kubernetes-* say about translation (spec kubernetes 2), checked and parsed once at start (parse-settings.ts).

import type { Call } from "../eskip/route.ts";
import type { CompiledRegexp } from "../util/regexp.ts";

export type PathMode = "kubernetes-ingress" | "path-regexp" | "path-prefix";
export type TrafficAlgorithm = "traffic-predicate" | "traffic-segment-predicate";

/** Items that objects get which carry an annotation with this value (spec kubernetes 7.8). */
export interface AnnotationRule {
  readonly key: string;
  readonly value: string;
  readonly items: readonly Call[];
}

/** -kubernetes-annotation-* or the same for east-west range hosts. */
export interface AnnotationRules {
  readonly predicates: readonly AnnotationRule[];
  readonly filters: readonly AnnotationRule[];
}

export interface TranslationSettings {
  readonly healthcheck: boolean;
  /** Left out of the health check route at log level debug. */
  readonly healthcheckLogsDisabled: boolean;
  readonly healthcheckCidrs: readonly string[];
  readonly reverseSourcePredicate: boolean;
  readonly httpsRedirect: boolean;
  readonly httpsRedirectCode: number;
  readonly catchAll: boolean;
  readonly ingressClass: CompiledRegexp;
  readonly routeGroupClass: CompiledRegexp;
  readonly pathMode: PathMode;
  /** Endpoints come from EndpointSlices. */
  readonly endpointSlices: boolean;
  /** "" for none. */
  readonly topologyZone: string;
  /** Domain of the old east-west routes without dots at its ends; "" when they are off. */
  readonly eastWestDomain: string;
  readonly eastWestRangeDomains: readonly string[];
  readonly eastWestRangePredicates: readonly Call[];
  readonly external: AnnotationRules;
  readonly internal: AnnotationRules;
  /** Label whose value becomes `annotate("Application", ...)`; "" for none. */
  readonly applicationLabel: string;
  readonly externalNames: boolean;
  readonly externalNamePreserveHost: boolean;
  /** null: every name is allowed. */
  readonly allowedExternalNames: readonly CompiledRegexp[] | null;
  readonly trafficAlgorithm: TrafficAlgorithm;
  readonly defaultLbAlgorithm: string;
  readonly forceService: boolean;
  readonly forwardBackendUrl: string;
  readonly backendNameTag: boolean;
  /** Certificates of Secrets are wished for (-kubernetes-enable-tls). */
  readonly tls: boolean;
  /** A directory with default filters is configured. */
  readonly hasDefaultFilters: boolean;
}
