// The annotations that more than one place of the translation reads, and what flags add by them (spec kubernetes 6, 7.8).

import type { Call } from "../eskip/route.ts";
import type { Metadata } from "./objects.ts";
import type { AnnotationRule, TranslationSettings } from "./settings.ts";

export const ANNOTATION = {
  filter: "zalando.org/skipper-filter",
  ratelimit: "zalando.org/ratelimit",
  predicate: "zalando.org/skipper-predicate",
  routes: "zalando.org/skipper-routes",
  backend: "zalando.org/skipper-backend",
  loadBalancer: "zalando.org/skipper-loadbalancer",
  backendProtocol: "zalando.org/skipper-backend-protocol",
  pathMode: "zalando.org/skipper-ingress-path-mode",
  weights: "zalando.org/backend-weights",
  redirect: "zalando.org/skipper-ingress-redirect",
  redirectCode: "zalando.org/skipper-ingress-redirect-code",
  zoneAware: "zalando.org/traffic-zone-aware",
  ingressClass: "kubernetes.io/ingress.class",
  routeGroupClass: "zalando.org/routegroup.class",
} as const;

/** "" when it is not there. */
export function annotation(metadata: Metadata, key: keyof typeof ANNOTATION): string {
  return metadata.annotations.get(ANNOTATION[key]) ?? "";
}

/** The items of the rules whose annotation the object carries, in the order of the flags. */
export function annotationItems(metadata: Metadata, rules: readonly AnnotationRule[]): readonly Call[] {
  return rules.filter(({ key, value }) => metadata.annotations.get(key) === value).flatMap(({ items }) => items);
}

/** `annotate("Application", ...)` for an object with the label; without one nothing. */
export function applicationFilters(metadata: Metadata, { applicationLabel }: TranslationSettings): readonly Call[] {
  const application = applicationLabel === "" ? undefined : metadata.labels.get(applicationLabel);
  return application ? [{ name: "annotate", args: ["Application", application] }] : [];
}

/** True: the endpoints of this object are those of all zones. */
export function ignoresZones(metadata: Metadata): boolean {
  return annotation(metadata, "zoneAware") === "false";
}

/** Tells a Route Server that the object ignores zones. */
export const zoneFilter: Call = { name: "annotate", args: [ANNOTATION.zoneAware, "false"] };

/** True when the host is one of -kubernetes-east-west-range-domains. */
export function isInternal(host: string, { eastWestRangeDomains }: TranslationSettings): boolean {
  return eastWestRangeDomains.some((domain) => host.endsWith(domain));
}
