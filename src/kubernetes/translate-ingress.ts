// The routes of one Ingress (spec kubernetes 8), and what it contributes to the catch-all routes of its hosts. Paths in order; for
// each the extra routes of the annotation, the route to its Service, the redirect, and the copies for old east-west hosts.

import { printExpression } from "../eskip/printer.ts";
import { type Backend, type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { annotationItems, applicationFilters, ignoresZones, isInternal, zoneFilter } from "./annotations.ts";
import { certificateWishes } from "./certificates.ts";
import { defaultFilters } from "./default-filters.ts";
import { endpointsBackend, ingressPort, noEndpointsFilters, serviceEndpoints } from "./endpoints.ts";
import { hostPattern } from "./host-pattern.ts";
import { type IngressAnnotations, readIngressAnnotations } from "./ingress-annotations.ts";
import { appendPredicates, catchesAll, countPaths, pathPart } from "./ingress-paths.ts";
import type { Ingress, IngressPath, IngressRule, Service, ServiceBackend, ServicePort } from "./objects.ts";
import { redirectRoute, undirectedRoute } from "./redirects.ts";
import * as ids from "./route-ids.ts";
import type { TranslationSettings } from "./settings.ts";
import { trafficShares } from "./traffic.ts";
import type { ClusterView, IngressHostPart, Problem, Translation } from "./translation.ts";
import { validateIngress } from "./validate-ingress.ts";

const HTTPS_PORT = 443;

export function translateIngress(ingress: Ingress, view: ClusterView, settings: TranslationSettings): Translation {
  const faults = validateIngress(ingress);
  if (faults.length > 0) {
    const problem: Problem = { level: "error", message: `[ingress] ${faults.join("\n")}`, bare: true };
    return { routes: [], hosts: [], problems: [problem], certificates: [], isRejected: true };
  }
  return new IngressTranslation(ingress, view, settings).run();
}

/** Where a request goes, and the filters that belong to that. */
interface Destination {
  readonly backend: Backend;
  readonly filters: readonly Call[];
  /** A name outside of the cluster: it stands in the id, and the path counts for nothing. */
  readonly externalName: string;
  readonly hasEndpoints: boolean;
}

class IngressTranslation {
  readonly #ingress: Ingress;
  readonly #view: ClusterView;
  readonly #settings: TranslationSettings;
  readonly #annotations: IngressAnnotations;
  readonly #problems: Problem[] = [];
  readonly #routes: Route[] = [];
  readonly #hosts = new Map<string, Route[]>();
  readonly #application: readonly Call[];
  /** "" without old east-west routes. */
  readonly #eastWestHost: string;

  constructor(ingress: Ingress, view: ClusterView, settings: TranslationSettings) {
    const { namespace, name } = ingress.metadata;
    this.#ingress = ingress;
    this.#view = view;
    this.#settings = settings;
    const { annotations, problems } = readIngressAnnotations(ingress, settings);
    this.#annotations = annotations;
    this.#problems.push(...problems);
    this.#application = applicationFilters(ingress.metadata, settings);
    this.#eastWestHost = settings.eastWestDomain === "" ? "" : `${name}.${namespace}.${settings.eastWestDomain}`;
  }

  run(): Translation {
    const { metadata, defaultBackend, rules, tls } = this.#ingress;
    if (defaultBackend !== null) this.#defaultBackend(defaultBackend);
    for (const rule of rules) this.#rule(rule);
    const ownHosts = [...new Set(rules.map(({ host }) => host))];
    const wishes = this.#settings.tls
      ? certificateWishes(metadata, tls, ownHosts, "Ingress", this.#view)
      : { wishes: [], problems: [] };
    this.#problems.push(...wishes.problems);
    return {
      routes: this.#routes,
      hosts: [...this.#hosts].map(([host, routes]) => this.#hostPart(host, routes)),
      problems: this.#problems,
      certificates: wishes.wishes,
      isRejected: false,
    };
  }

  #hostPart(host: string, routes: readonly Route[]): IngressHostPart {
    const { redirect, redirectCode } = this.#annotations;
    const isRedirected = redirect ?? this.#settings.httpsRedirect;
    const memory = redirect === false ? "disabled" : isRedirected ? redirectCode : null;
    return {
      host,
      routes: this.#withRangePredicates(host, routes),
      redirect: this.#isCopied(host) ? memory : null,
      catchesAll: routes.some(catchesAll),
    };
  }

  /** Once for each domain that the host is of. */
  #withRangePredicates(host: string, routes: readonly Route[]): readonly Route[] {
    const { eastWestRangeDomains, eastWestRangePredicates } = this.#settings;
    const times = eastWestRangeDomains.filter((domain) => host.endsWith(domain)).length;
    const added = new Array<readonly Call[]>(times).fill(eastWestRangePredicates).flat();
    return added.length === 0
      ? routes
      : routes.map((route) => ({ ...route, predicates: [...route.predicates, ...added] }));
  }

  /** Hosts inside of the cluster have no redirects. */
  #isCopied(host: string): boolean {
    return !isInternal(host, this.#settings) && !this.#isOldEastWest(host);
  }

  #isOldEastWest(host: string): boolean {
    const { eastWestDomain } = this.#settings;
    return eastWestDomain !== "" && host.endsWith(`.${eastWestDomain}`);
  }

  #rule({ host, paths }: IngressRule): void {
    if (paths === null) {
      this.#tell("info", "Skipping rule without http definition");
      return;
    }
    const shares = this.#sharesOf(paths);
    for (const [i, path] of paths.entries()) {
      this.#extraRoutes(host, path);
      const share = shares[i]!;
      if (!share.isNone) this.#pathRoute(host, path, share.predicates);
    }
  }

  /** Weights divide the requests among the items with the same path. */
  #sharesOf(paths: readonly IngressPath[]) {
    const { weights } = this.#annotations;
    const groups = new Map<string, number[]>();
    for (const [i, { path }] of paths.entries()) groups.set(path, [...(groups.get(path) ?? []), i]);
    const shares = new Array<ReturnType<typeof trafficShares>[number]>(paths.length);
    for (const group of groups.values()) {
      const backends = group.map((i) => {
        const name = paths[i]!.backend.service;
        return { name, weight: weights.get(name) ?? 0 };
      });
      for (const [k, share] of trafficShares(this.#settings.trafficAlgorithm, backends).entries())
        shares[group[k]!] = share;
    }
    return shares;
  }

  #pathRoute(host: string, path: IngressPath, traffic: readonly Call[]): void {
    const { namespace, name } = this.#ingress.metadata;
    const destination = this.#destination(path.backend);
    if (destination === null) return;
    const { externalName, hasEndpoints } = destination;
    const isExternal = externalName !== "";
    const part = isExternal ? null : pathPart(path, this.#annotations.pathMode);
    const base = makeRoute({
      id: isExternal
        ? ids.ingressPathId(namespace, name, host, "", externalName)
        : ids.ingressPathId(namespace, name, host, path.path, path.backend.service),
      hostRegexps: host === "" ? [] : [hostPattern([host])],
      ...part,
      filters: [
        ...this.#application,
        ...this.#defaultFilters(path.backend.service),
        ...(hasEndpoints ? this.#annotations.filters : []),
        ...destination.filters,
      ],
      backend: destination.backend,
    });
    const replacesPaths = this.#annotations.pathMode === "path-prefix";
    const annotated = appendPredicates(base, this.#annotations.predicates, replacesPaths);
    const predicates = isExternal ? annotated.predicates : [...annotated.predicates, ...traffic];
    const route = this.#forwarded({ ...annotated, predicates });
    const rules = this.#isCopied(host) ? this.#settings.external : this.#settings.internal;
    const whole = this.#withItems(route, rules);
    this.#add(host, whole);
    this.#redirect(host, route);
    this.#eastWestCopy(whole);
  }

  #redirect(host: string, route: Route): void {
    const { redirect, redirectCode, hasOwnRedirect } = this.#annotations;
    if (hasOwnRedirect || !this.#isCopied(host)) return;
    if (redirect === true || (redirect === null && this.#settings.httpsRedirect)) {
      this.#add(host, redirectRoute(route, redirectCode));
    } else if (redirect === false) {
      this.#add(host, undirectedRoute(route));
    }
  }

  #extraRoutes(host: string, path: IngressPath): void {
    const { namespace, name } = this.#ingress.metadata;
    const rules = isInternal(host, this.#settings) ? this.#settings.internal : this.#settings.external;
    for (const [i, extra] of this.#annotations.extraRoutes.entries()) {
      const part = pathPart(path, this.#annotations.pathMode);
      const copy: Route = {
        ...extra,
        id: ids.ingressExtraId(namespace, name, host, path.path, extra.id, i),
        hostRegexps: [hostPattern([host])],
        pathRegexps: part.pathRegexps.length > 0 ? part.pathRegexps : extra.pathRegexps,
        predicates: [
          ...(part.path === "" ? part.predicates : [{ name: "Path", args: [part.path] }]),
          ...extra.predicates,
        ],
        filters: [...this.#application, ...extra.filters],
      };
      const whole = this.#withItems(copy, rules);
      // An extra route that answers itself keeps doing so.
      const isForwarded = this.#annotations.forward && extra.backend.type !== "shunt";
      const route = isForwarded
        ? this.#forwarded(whole)
        : this.#annotations.forward
          ? { ...whole, filters: [] }
          : whole;
      const paths = countPaths(route);
      if (paths <= 1) this.#add(host, route);
      else {
        const text = printExpression(route);
        this.#tell("error", `Ignoring route due to multiple path predicates: ${paths} path predicates, route: ${text}`);
      }
      this.#eastWestCopy(route);
    }
  }

  #defaultBackend(backend: ServiceBackend): void {
    const { namespace, name } = this.#ingress.metadata;
    const service = this.#view.service(namespace, backend.service);
    if (service === undefined) {
      this.#tell("error", `Failed to get service ${backend.service}, ${backend.port}`);
      this.#tell("error", "Failed to convert default backend: service not found");
      return;
    }
    const port = portOf(service, backend);
    let destination: Destination | null;
    if (port === null) {
      const ports = service.ports.map((one) => one.name || one.port).join(" ");
      this.#tell(
        "error",
        `Failed to find target port [${ports}], ${backend.port}, for service ${backend.service} add shuntroute: target port not found`,
      );
      destination = withoutEndpoints;
    } else {
      destination = this.#toService(service, port, (reason) =>
        this.#tell("error", `Failed to convert default backend: ${reason}`),
      );
    }
    if (destination === null) return;
    const { externalName } = destination;
    const route = makeRoute({
      id:
        externalName === ""
          ? ids.ingressDefaultId(namespace, name)
          : ids.ingressDefaultExternalId(namespace, name, externalName),
      filters: [...this.#application, ...destination.filters],
      backend: destination.backend,
    });
    const forwarded = this.#forwarded(route);
    this.#routes.push(forwarded);
    this.#eastWestCopy(forwarded);
  }

  /** Where a path leads; null: it has no route. */
  #destination(backend: ServiceBackend): Destination | null {
    const { namespace, name } = this.#ingress.metadata;
    const service = this.#view.service(namespace, backend.service);
    if (service === undefined) {
      this.#tell("error", `Failed to get service ${backend.service}, ${backend.port}`);
      return null;
    }
    const port = portOf(service, backend);
    if (port === null) return withoutEndpoints;
    return this.#toService(service, port, (reason, isOff) =>
      this.#tell(
        "info",
        isOff
          ? `Not enabled to reference external name from ingress: ${namespace}/${name}`
          : `Not allowed external name: ${reason}`,
      ),
    );
  }

  #toService(
    service: Service,
    port: ServicePort,
    refuse: (reason: string, isOff: boolean) => void,
  ): Destination | null {
    const settings = this.#settings;
    const { namespace, name } = service.metadata;
    const scheme = port.targetPort === HTTPS_PORT ? "https" : "http";
    if (service.type === "ExternalName") return this.#toExternalName(service, port, scheme, refuse);
    if (settings.forceService) {
      const address = `${scheme}://${name}.${namespace}.svc.cluster.local:${port.targetPort}`;
      return { backend: { type: "network", address }, filters: [], externalName: "", hasEndpoints: true };
    }
    const { metadata } = this.#ingress;
    const endpoints = serviceEndpoints(this.#view, settings, metadata, service, ingressPort(port), false);
    const backend = endpointsBackend(endpoints, this.#annotations.algorithm);
    if (backend === null) return withoutEndpoints;
    const filters = backend.type === "lb" && ignoresZones(metadata) ? [zoneFilter] : [];
    return { backend, filters, externalName: "", hasEndpoints: true };
  }

  #toExternalName(
    { externalName }: Service,
    port: ServicePort,
    scheme: string,
    refuse: (reason: string, isOff: boolean) => void,
  ): Destination | null {
    const { externalNames, allowedExternalNames, externalNamePreserveHost } = this.#settings;
    if (!externalNames) {
      refuse("ingress is not enabled to reference external name service", true);
      return null;
    }
    if (allowedExternalNames !== null && !allowedExternalNames.some((pattern) => pattern.test(externalName))) {
      refuse(`ingress with not allowed external name service: ${externalName}`, false);
      return null;
    }
    const host: Call = { name: "setRequestHeader", args: ["Host", externalName] };
    return {
      backend: { type: "network", address: `${scheme}://${externalName}:${port.targetPort}` },
      filters: externalNamePreserveHost ? [] : [host],
      externalName,
      hasEndpoints: true,
    };
  }

  #defaultFilters(service: string): readonly Call[] {
    if (!this.#settings.hasDefaultFilters) return [];
    const { filters, fault } = defaultFilters(this.#view, this.#ingress.metadata.namespace, service);
    if (fault !== "") this.#tell("error", `Failed to retrieve default filters: ${fault}`);
    return filters;
  }

  /** All goes to -forward-backend-url, without filters. */
  #forwarded(route: Route): Route {
    if (!this.#annotations.forward) return route;
    return { ...route, filters: [], backend: { type: "network", address: this.#settings.forwardBackendUrl } };
  }

  #withItems(route: Route, rules: TranslationSettings["external"]): Route {
    const { metadata } = this.#ingress;
    const predicates = annotationItems(metadata, rules.predicates);
    const filters = annotationItems(metadata, rules.filters);
    if (predicates.length === 0 && filters.length === 0) return route;
    return { ...route, predicates: [...route.predicates, ...predicates], filters: [...route.filters, ...filters] };
  }

  #eastWestCopy(route: Route): void {
    if (this.#eastWestHost === "") return;
    const copy = { ...route, id: ids.eastWestId(route.id), hostRegexps: [hostPattern([this.#eastWestHost])] };
    this.#add(this.#eastWestHost, this.#annotations.forward ? { ...copy, filters: [] } : copy);
  }

  #add(host: string, route: Route): void {
    const routes = this.#hosts.get(host);
    if (routes === undefined) this.#hosts.set(host, [route]);
    else routes.push(route);
  }

  #tell(level: Problem["level"], message: string): void {
    this.#problems.push({ level, message, bare: false });
  }
}

const withoutEndpoints: Destination = {
  backend: shuntBackend,
  filters: noEndpointsFilters,
  externalName: "",
  hasEndpoints: false,
};

/** The port of the Service that an Ingress names by number or name. */
function portOf(service: Service, { port }: ServiceBackend): ServicePort | null {
  const wanted = String(port);
  const found = service.ports.find(
    (one) => one.targetPort !== null && (String(one.port) === wanted || one.name === wanted),
  );
  return found ?? null;
}
