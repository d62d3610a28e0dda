// The routes of one RouteGroup (spec kubernetes 9): one for each route, method and backend of the group, for the hosts outside and
// those inside of the cluster apart, with redirects, copies for old east-west hosts and catch-all routes.

import { parseFilters, parsePredicates } from "../eskip/parser.ts";
import {
  type Backend,
  type Call,
  dynamicBackend,
  type LbEndpoint,
  loopbackBackend,
  makeRoute,
  type Route,
  shuntBackend,
} from "../eskip/route.ts";
import {
  annotation,
  annotationItems,
  applicationFilters,
  ignoresZones,
  isInternal,
  zoneFilter,
} from "./annotations.ts";
import { certificateWishes } from "./certificates.ts";
import { defaultFilters } from "./default-filters.ts";
import { endpointsBackend, noEndpointsFilters, routeGroupPort, serviceEndpoints } from "./endpoints.ts";
import { hostPattern } from "./host-pattern.ts";
import { readRedirectCode } from "./ingress-annotations.ts";
import type { BackendReference, RouteGroup, RouteGroupBackend, RouteGroupRoute, RouteGroupSpec } from "./objects.ts";
import { looksAtProtocol, redirectRoute } from "./redirects.ts";
import * as ids from "./route-ids.ts";
import type { AnnotationRules, TranslationSettings } from "./settings.ts";
import { trafficShares } from "./traffic.ts";
import type { CertificateWish, ClusterView, Problem, Translation } from "./translation.ts";
import { validateRouteGroup } from "./validate-route-group.ts";

export function translateRouteGroup(group: RouteGroup, view: ClusterView, settings: TranslationSettings): Translation {
  const faults = validateRouteGroup(group);
  const { spec } = group;
  if (faults.length > 0 || spec === null) {
    return nothing([{ level: "error", message: `[routegroup] ${faults.join("\n")}`, bare: true }], true);
  }
  const className = annotation(group.metadata, "routeGroupClass");
  if (className !== "" && !settings.routeGroupClass.test(className)) return nothing([], false);
  return new RouteGroupTranslation(group, spec, view, settings).run();
}

function nothing(problems: readonly Problem[], isRejected: boolean): Translation {
  return { routes: [], hosts: [], problems, certificates: [], isRejected };
}

/** The hosts outside of the cluster, or those inside. */
interface Part {
  readonly internal: boolean;
  readonly hosts: readonly string[];
  readonly rules: AnnotationRules;
}

/** Why a route entry of a group has no routes. */
class RouteFault {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

class RouteGroupTranslation {
  readonly #group: RouteGroup;
  readonly #spec: RouteGroupSpec;
  readonly #view: ClusterView;
  readonly #settings: TranslationSettings;
  readonly #backends: ReadonlyMap<string, RouteGroupBackend>;
  readonly #application: readonly Call[];
  readonly #problems: Problem[] = [];
  readonly #routes: Route[] = [];

  constructor(group: RouteGroup, spec: RouteGroupSpec, view: ClusterView, settings: TranslationSettings) {
    this.#group = group;
    this.#spec = spec;
    this.#view = view;
    this.#settings = settings;
    this.#backends = new Map(spec.backends.map((backend) => [backend.name, backend]));
    this.#application = applicationFilters(group.metadata, settings);
  }

  run(): Translation {
    const { hosts, tls } = this.#spec;
    const { external, internal } = this.#settings;
    readRedirectCode(annotation(this.#group.metadata, "redirectCode"), (message) => this.#tell("error", message, true));
    const inside = hosts.filter((host) => isInternal(host, this.#settings));
    const outside = hosts.filter((host) => !inside.includes(host));
    const parts: Part[] = [];
    if (outside.length > 0 || hosts.length === 0) parts.push({ internal: false, hosts: outside, rules: external });
    if (inside.length > 0) parts.push({ internal: true, hosts: inside, rules: internal });
    for (const part of parts) {
      const fault = this.#part(part);
      if (fault === null) continue;
      this.#tell("error", `Error transforming ${part.internal ? "internal" : "external"} hosts: ${fault.message}`);
      return { ...nothing(this.#problems, false), certificates: this.#certificates(hosts, tls) };
    }
    const certificates = this.#certificates(hosts, tls);
    return { ...nothing(this.#problems, false), routes: this.#routes, certificates };
  }

  #certificates(hosts: readonly string[], tls: RouteGroupSpec["tls"]): readonly CertificateWish[] {
    if (!this.#settings.tls) return [];
    const { wishes, problems } = certificateWishes(this.#group.metadata, tls, hosts, "RouteGroup", this.#view);
    this.#problems.push(...problems);
    return wishes;
  }

  /** Adds the routes of a part; a fault of an implicit route takes the whole group with it. */
  #part(part: Part): RouteFault | null {
    const { routes, defaultBackends } = this.#spec;
    const built: Route[] = [];
    if (routes.length === 0) {
      const implicit = this.#entry(part, null, 0, defaultBackends);
      if (implicit instanceof RouteFault) return implicit;
      built.push(...implicit);
    }
    for (const [i, route] of routes.entries()) {
      if (route === null) continue;
      const references = route.backends.length > 0 ? route.backends : defaultBackends;
      const entry = this.#entry(part, route, i, references);
      if (entry instanceof RouteFault) this.#tell("error", `Ignoring route: ${entry.message}`);
      else built.push(...entry);
    }
    for (const route of built) this.#addAll(part, route);
    if (built.length > 0) this.#catchAll(part, built);
    return null;
  }

  /** The routes of one entry: for each method and backend. null: the implicit entry of a group without routes. */
  #entry(
    part: Part,
    route: RouteGroupRoute | null,
    index: number,
    references: readonly BackendReference[],
  ): Route[] | RouteFault {
    const { namespace, name } = this.#group.metadata;
    const shares = trafficShares(
      this.#settings.trafficAlgorithm,
      references.map(({ backendName, weight }) => ({ name: backendName, weight })),
    );
    const methods = [...new Set((route?.methods ?? []).map((method) => method.toUpperCase()))];
    const built: Route[] = [];
    for (const method of methods.length === 0 ? [""] : methods) {
      for (const [k, { backendName }] of references.entries()) {
        const target = this.#target(part, this.#backends.get(backendName)!, route);
        if (target instanceof RouteFault) return target;
        built.push(
          makeRoute({
            id: ids.routeGroupId(namespace, name, method, index, k, part.internal),
            hostRegexps: part.hosts.length === 0 ? [] : [hostPattern(part.hosts)],
            path: route?.path ?? "",
            pathRegexps: route === null || route.pathRegexp === "" ? [] : [route.pathRegexp],
            method,
            predicates: [...predicatesOf(route), ...shares[k]!.predicates],
            ...target,
          }),
        );
      }
    }
    return built;
  }

  /** Where a route goes, with its filters. */
  #target(
    part: Part,
    backend: RouteGroupBackend,
    route: RouteGroupRoute | null,
  ): Pick<Route, "backend" | "filters"> | RouteFault {
    const own = (route?.filters ?? []).flatMap((text) => parseFilters(text).filters);
    const tag: readonly Call[] = this.#settings.backendNameTag
      ? [{ name: "tracingTag", args: ["skipper.backend_name", backend.name] }]
      : [];
    if (backend.type === "service" || backend.type === "") return this.#service(part, backend, own, tag);
    const found = this.#plainBackend(backend);
    if (found instanceof RouteFault) return found;
    const kept = backend.type === "forward" ? [] : own;
    return { backend: found, filters: [...this.#application, ...kept, ...tag] };
  }

  #plainBackend({ type, address, algorithm, endpoints }: RouteGroupBackend): Backend | RouteFault {
    switch (type) {
      case "network":
        if (!this.#isAllowed(address)) return new RouteFault(`routegroup with not allowed network backend: ${address}`);
        return { type: "network", address };
      case "lb": {
        const refused = endpoints.find((endpoint) => !this.#isAllowed(endpoint));
        if (refused !== undefined) {
          return new RouteFault(`routegroup with not allowed explicit LB endpoint: ${refused}`);
        }
        return {
          type: "lb",
          algorithm: algorithm || this.#settings.defaultLbAlgorithm,
          endpoints: endpoints.map(withZone),
        };
      }
      case "loopback":
        return loopbackBackend;
      case "dynamic":
        return dynamicBackend;
      case "forward":
        return { type: "network", address: this.#settings.forwardBackendUrl };
      default:
        return shuntBackend;
    }
  }

  #service(
    part: Part,
    { serviceName, servicePort, algorithm }: RouteGroupBackend,
    own: readonly Call[],
    tag: readonly Call[],
  ): Pick<Route, "backend" | "filters"> | RouteFault {
    const { metadata } = this.#group;
    const { namespace } = metadata;
    const service = this.#view.service(namespace, serviceName);
    if (service === undefined) return new RouteFault(`${namespace}/${serviceName}: service not found`);
    if (service.type.toLowerCase() !== "clusterip") {
      return new RouteFault(`not supported service type in service/${namespace}/${serviceName}: ${service.type}`);
    }
    const port = service.ports.find((one) => one.port === servicePort);
    if (port === undefined) return new RouteFault(`target port not found: ${serviceName}:${servicePort}`);
    const front = [...this.#application, ...this.#defaultFilters(serviceName)];
    const endpoints = serviceEndpoints(
      this.#view,
      this.#settings,
      metadata,
      service,
      routeGroupPort(port),
      part.internal,
    );
    const backend = endpointsBackend(endpoints, algorithm || this.#settings.defaultLbAlgorithm);
    if (backend === null) return { backend: shuntBackend, filters: [...front, ...noEndpointsFilters, ...tag] };
    const zone = ignoresZones(metadata) ? [zoneFilter] : [];
    return { backend, filters: [...front, ...zone, ...own, ...tag] };
  }

  #defaultFilters(service: string): readonly Call[] {
    if (!this.#settings.hasDefaultFilters) return [];
    const { namespace, name } = this.#group.metadata;
    const { filters, fault } = defaultFilters(this.#view, namespace, service);
    if (fault !== "") {
      const of = `error while applying default filters for route group and service: ${namespace}/${name} ${service}`;
      this.#tell("error", `Failed to retrieve default filters: ${of}, ${fault}`);
    }
    return filters;
  }

  #isAllowed(address: string): boolean {
    const { allowedExternalNames } = this.#settings;
    const host = URL.canParse(address) ? new URL(address).hostname : null;
    if (host === null) return false;
    return allowedExternalNames === null || allowedExternalNames.some((pattern) => pattern.test(host));
  }

  /** The route, and what comes with it. */
  #addAll(part: Part, route: Route): void {
    if (part.internal) {
      this.#add(part, this.#inRange(route));
      return;
    }
    this.#add(part, route);
    const { eastWestDomain } = this.#settings;
    if (eastWestDomain !== "" && !part.hosts.some((host) => host.endsWith(eastWestDomain))) {
      const { namespace, name } = this.#group.metadata;
      const pattern = hostPattern([`${name}.${namespace}.${eastWestDomain}`]);
      this.#add(part, { ...route, id: ids.eastWestId(route.id), hostRegexps: [pattern] });
    }
    if (this.#redirects() && !looksAtProtocol(route)) {
      this.#add(part, redirectRoute(route, this.#settings.httpsRedirectCode, false));
    }
  }

  #redirects(): boolean {
    const own = annotation(this.#group.metadata, "redirect");
    return own === "true" || (own !== "false" && this.#settings.httpsRedirect);
  }

  #catchAll(part: Part, built: readonly Route[]): void {
    if (!this.#settings.catchAll || built.some(hasOnlyHosts)) return;
    for (const host of part.hosts) {
      const id = ids.routeGroupCatchAllId(host, part.internal);
      const route = makeRoute({ id, hostRegexps: [hostPattern([host])], backend: shuntBackend });
      this.#add(part, part.internal ? this.#inRange(route) : route);
    }
  }

  #inRange(route: Route): Route {
    return { ...route, predicates: [...route.predicates, ...this.#settings.eastWestRangePredicates] };
  }

  #add({ rules }: Part, route: Route): void {
    const { metadata } = this.#group;
    const predicates = annotationItems(metadata, rules.predicates);
    const filters = annotationItems(metadata, rules.filters);
    const changed = predicates.length > 0 || filters.length > 0;
    this.#routes.push(
      changed
        ? { ...route, predicates: [...route.predicates, ...predicates], filters: [...route.filters, ...filters] }
        : route,
    );
  }

  #tell(level: Problem["level"], message: string, bare = false): void {
    this.#problems.push({ level, message, bare });
  }
}

function predicatesOf(route: RouteGroupRoute | null): readonly Call[] {
  if (route === null) return [];
  const subtree: readonly Call[] =
    route.path === "" && route.pathSubtree !== "" ? [{ name: "PathSubtree", args: [route.pathSubtree] }] : [];
  return [...subtree, ...route.predicates.flatMap((text) => parsePredicates(text).predicates)];
}

function hasOnlyHosts(route: Route): boolean {
  return (
    route.path === "" &&
    route.pathRegexps.length === 0 &&
    route.method === "" &&
    route.predicates.every(({ name }) => name === "Host")
  );
}

/** An endpoint may name its zone as a parameter of its URL. */
function withZone(endpoint: string): LbEndpoint {
  const url = new URL(endpoint);
  const zone = url.searchParams.get("zone") ?? "";
  return zone === "" ? { address: endpoint, zone } : { address: `${url.protocol}//${url.host}`, zone };
}
