// The annotations of Ingresses and RouteGroups that say something about their routes (spec kubernetes 6). Values are never trimmed; an
// empty one counts as absent but for the load balancing algorithm.

import type { Call } from "../eskip/route.ts";
import type { Metadata } from "./objects.ts";
import type { TranslationSettings } from "./settings.ts";
import type { Problem } from "./translation.ts";

export const annotation = {
  filters: "zalando.org/skipper-filter",
  ratelimit: "zalando.org/ratelimit",
  predicates: "zalando.org/skipper-predicate",
  routes: "zalando.org/skipper-routes",
  backend: "zalando.org/skipper-backend",
  lbAlgorithm: "zalando.org/skipper-loadbalancer",
  protocol: "zalando.org/skipper-backend-protocol",
  pathMode: "zalando.org/skipper-ingress-path-mode",
  weights: "zalando.org/backend-weights",
  redirect: "zalando.org/skipper-ingress-redirect",
  redirectCode: "zalando.org/skipper-ingress-redirect-code",
  zoneAware: "zalando.org/traffic-zone-aware",
  ingressClass: "kubernetes.io/ingress.class",
  routeGroupClass: "zalando.org/routegroup.class",
} as const;

export function annotationOf(metadata: Metadata, name: string): string {
  return metadata.annotations.get(name) ?? "";
}

/** What both kinds read from their annotations and labels. */
export interface CommonOptions {
  /** Scheme of endpoints, "" when the annotation says nothing. */
  readonly scheme: string;
  readonly zoneAware: boolean;
  /** The filter that names the application, alone or not at all. */
  readonly application: readonly Call[];
  /** What the object itself says about redirects; null: nothing. */
  readonly redirect: boolean | null;
  readonly redirectCode: number;
}

export function readCommonOptions(
  metadata: Metadata,
  settings: TranslationSettings,
  problems: Problem[],
): CommonOptions {
  return {
    scheme: annotationOf(metadata, annotation.protocol),
    zoneAware: annotationOf(metadata, annotation.zoneAware) !== "false",
    application: applicationFilter(metadata, settings),
    redirect: booleans.get(annotationOf(metadata, annotation.redirect)) ?? null,
    redirectCode: readRedirectCode(metadata, settings, problems),
  };
}

const booleans = new Map([
  ["true", true],
  ["false", false],
]);

const none: readonly never[] = Object.freeze([]);

function applicationFilter(metadata: Metadata, { applicationLabel }: TranslationSettings): readonly Call[] {
  const application = applicationLabel === "" ? "" : (metadata.labels.get(applicationLabel) ?? "");
  return application === "" ? none : [{ name: "annotate", args: ["Application", application] }];
}

function readRedirectCode(metadata: Metadata, settings: TranslationSettings, problems: Problem[]): number {
  const text = annotationOf(metadata, annotation.redirectCode);
  if (text === "") return settings.httpsRedirectCode;
  const code = /^[+-]?[0-9]{1,9}$/.test(text) ? Number(text) : 0;
  if (code >= 300 && code < 400) return code;
  const message = `invalid redirect code annotation: expected a number from 300 to 399, got ${JSON.stringify(text)}`;
  problems.push({ level: "error", message, bare: true });
  return settings.httpsRedirectCode;
}
