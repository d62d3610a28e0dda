// One Ingress as routes (spec kubernetes 8): its default backend, then for each path the extra routes of the annotation, the route to
// the Service, what redirects do, and copies for old east-west hosts. What several Ingresses make of a host together is left to
// composition.ts.

import type { Route } from "../eskip/route.ts";
import { type AnnotationItems, annotationItems, applyAnnotationItems } from "./annotation-rules.ts";
import { catchesAll } from "./catch-all.ts";
import { certificateWishes } from "./certificates.ts";
import { eastWestCopy, eastWestHost, isInEastWestDomain, isInternalHost, rangePredicates } from "./east-west.ts";
import { extraRoute, pathConflict } from "./extra-routes.ts";
import { forwarded, forwardedExtraRoute } from "./forward.ts";
import { hostPattern } from "./host-pattern.ts";
import { IngressContext } from "./ingress-context.ts";
import { defaultBackendRoute } from "./ingress-default-backend.ts";
import { pathMatch } from "./ingress-path.ts";
import { pathRoute } from "./ingress-path-route.ts";
import type { Ingress, IngressPath, IngressRule } from "./objects.ts";
import { disabledRedirectRoute, ingressRedirectRoute } from "./redirects.ts";
import { appendPredicates, joined } from "./route-edits.ts";
import { extraRouteId } from "./route-ids.ts";
import { isSelectedIngress } from "./selection.ts";
import type { TranslationSettings } from "./settings.ts";
import { type TrafficShare, trafficShares } from "./traffic.ts";
import { type ClusterView, type IngressHostPart, rejected, type Translation, untranslated } from "./translation.ts";
import { validateIngress } from "./validate-ingress.ts";
import { wildcardPredicates } from "./wildcard-hosts.ts";

/** The routes of an Ingress that is ours, else nothing. */
export function translateIngress(ingress: Ingress, view: ClusterView, settings: TranslationSettings): Translation {
  if (!isSelectedIngress(ingress, settings)) return untranslated;
  const faults = validateIngress(ingress);
  if (faults.length > 0) return rejected(`[ingress] ${faults.join("\n")}`);
  return new IngressTranslation(ingress, view, settings).run();
}

/** What all routes of a host share. */
interface HostContext {
  readonly host: string;
  /** Of path routes: none for the empty host. */
  readonly hostRegexps: readonly string[];
  /** Of extra routes. */
  readonly extraHostRegexps: readonly string[];
  /** Added by flags to path routes and to extra routes. */
  readonly pathItems: AnnotationItems;
  readonly extraItems: AnnotationItems;
  /** False for hosts inside of the cluster. */
  readonly hasRedirects: boolean;
}

interface HostDraft {
  readonly routes: Route[];
  redirect: IngressHostPart["redirect"];
}

const none: readonly never[] = Object.freeze([]);

class IngressTranslation {
  readonly #ingress: Ingress;
  readonly #settings: TranslationSettings;
  readonly #context: IngressContext;
  readonly #external: AnnotationItems;
  readonly #internal: AnnotationItems;
  readonly #hosts = new Map<string, HostDraft>();
  /** "" when the old way is off. */
  readonly #eastWestHost: string;

  constructor(ingress: Ingress, view: ClusterView, settings: TranslationSettings) {
    const { metadata } = ingress;
    this.#ingress = ingress;
    this.#settings = settings;
    this.#context = new IngressContext(ingress, view, settings);
    this.#external = annotationItems(metadata, settings.external);
    this.#internal = annotationItems(metadata, settings.internal);
    this.#eastWestHost = settings.eastWestDomain === "" ? "" : eastWestHost(metadata, settings);
  }

  run(): Translation {
    const { defaultBackend, rules } = this.#ingress;
    const route = defaultBackend === null ? null : defaultBackendRoute(this.#context, defaultBackend);
    if (route !== null) this.#eastWestCopy(route);
    for (const rule of rules) this.#rule(rule);
    return {
      routes: route === null ? none : [route],
      hosts: [...this.#hosts].map(([host, draft]) => this.#hostPart(host, draft)),
      services: this.#context.backends.uses,
      certificates: this.#certificates(),
      problems: this.#context.problems,
      isRejected: false,
    };
  }

  #rule({ host, paths }: IngressRule): void {
    if (paths === null) {
      this.#context.report("info", "Skipping rule without http definition");
      return;
    }
    const context = this.#hostContext(host);
    const shares = this.#shares(paths);
    for (const path of paths) {
      for (const [index, extra] of this.#context.options.extraRoutes.entries()) {
        this.#extraRoute(extra, index, path, context);
      }
      const share = shares.get(path)!;
      if (!share.isNone) this.#pathRoute(path, share, context);
    }
  }

  #hostContext(host: string): HostContext {
    const inRange = isInternalHost(this.#settings, host);
    const isInternal = inRange || isInEastWestDomain(this.#settings, host);
    const hostRegexps = [hostPattern([host])];
    return {
      host,
      hostRegexps: host === "" ? none : hostRegexps,
      extraHostRegexps: hostRegexps,
      pathItems: isInternal ? this.#internal : this.#external,
      extraItems: inRange ? this.#internal : this.#external,
      hasRedirects: !isInternal,
    };
  }

  /** Backends of the same path share its traffic. */
  #shares(paths: readonly IngressPath[]): Map<IngressPath, TrafficShare> {
    const { weights } = this.#context.options;
    const shares = new Map<IngressPath, TrafficShare>();
    for (const items of Map.groupBy(paths, ({ path }) => path).values()) {
      const backends = items.map(({ backend: { service: name } }) => ({ name, weight: weights.get(name) ?? 0 }));
      const ofItems = trafficShares(this.#settings.trafficAlgorithm, backends);
      for (const [i, item] of items.entries()) shares.set(item, ofItems[i]!);
    }
    return shares;
  }

  #draft(host: string): HostDraft {
    let draft = this.#hosts.get(host);
    if (draft === undefined) {
      draft = { routes: [], redirect: null };
      this.#hosts.set(host, draft);
    }
    return draft;
  }

  #extraRoute(extra: Route, index: number, item: IngressPath, context: HostContext): void {
    const { namespace, name } = this.#ingress.metadata;
    const { application, forwardUrl, pathMode, hostRedirect } = this.#context.options;
    const { host, extraHostRegexps, extraItems, hasRedirects } = context;
    const id = extraRouteId(namespace, name, { id: extra.id, index }, host, item.path);
    const copy = applyAnnotationItems(extraRoute(extra, id, extraHostRegexps, pathMatch(item, pathMode)), extraItems);
    const route = forwardedExtraRoute({ ...copy, filters: joined(application, copy.filters) }, forwardUrl);
    const conflict = pathConflict(route);
    if (conflict !== "") this.#context.report("error", conflict);
    else {
      const draft = this.#draft(host);
      draft.routes.push(appendPredicates(route, wildcardPredicates(host)));
      if (hasRedirects && hostRedirect !== null) draft.redirect = hostRedirect;
    }
    this.#eastWestCopy(route);
  }

  #pathRoute(item: IngressPath, share: TrafficShare, context: HostContext): void {
    const { forwardUrl, pathRedirect } = this.#context.options;
    const { host, hostRegexps, pathItems, hasRedirects } = context;
    const own = pathRoute(this.#context, item, share.predicates, host, hostRegexps);
    if (own === null) return;
    const route = forwarded(own, forwardUrl);
    const annotated = applyAnnotationItems(route, pathItems);
    const draft = this.#draft(host);
    draft.routes.push(appendPredicates(annotated, wildcardPredicates(host)));
    if (hasRedirects && pathRedirect !== null) {
      const redirect =
        pathRedirect === "disabled" ? disabledRedirectRoute(route) : ingressRedirectRoute(route, pathRedirect);
      draft.routes.push(forwarded(redirect, forwardUrl));
      draft.redirect = pathRedirect;
    }
    this.#eastWestCopy(forwarded(annotated, forwardUrl));
  }

  #eastWestCopy(route: Route): void {
    const host = this.#eastWestHost;
    if (host !== "") this.#draft(host).routes.push(eastWestCopy(route, host));
  }

  #hostPart(host: string, { routes, redirect }: HostDraft): IngressHostPart {
    const predicates = rangePredicates(this.#settings, host);
    return {
      host,
      routes: routes.map((route) => appendPredicates(route, predicates)),
      redirect,
      catchesAll: routes.some(catchesAll),
    };
  }

  #certificates(): Translation["certificates"] {
    const { metadata, tls, rules } = this.#ingress;
    if (!this.#settings.tls || tls.length === 0) return none;
    const hosts = [...new Set(rules.map((rule) => rule.host))];
    const { wishes, problems } = certificateWishes(metadata, tls, hosts, "Ingress", this.#context.view);
    this.#context.problems.push(...problems);
    return wishes;
  }
}
