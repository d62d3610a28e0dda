// The routes of a RouteGroup for its external hosts or for those inside of the cluster (spec kubernetes 9.3): entries are added one
// after the other, `finish` adds what depends on all of them.

import { type Call, makeRoute, type Route } from "../eskip/route.ts";
import { annotationItems, applyAnnotationItems } from "./annotation-rules.ts";
import { hasOnlyHosts, routeGroupCatchAll } from "./catch-all.ts";
import { defaultFilters } from "./default-filters.ts";
import { eastWestCopy, eastWestHost, isInEastWestDomain } from "./east-west.ts";
import { hostPattern } from "./host-pattern.ts";
import type { RouteGroupBackend } from "./objects.ts";
import { looksAtProto, routeGroupRedirectRoute } from "./redirects.ts";
import { appendPredicates, joined } from "./route-edits.ts";
import { type BuiltBackend, type GroupContext, routeGroupBackend } from "./route-group-backend.ts";
import type { RouteTemplate } from "./route-group-template.ts";
import { routeGroupRouteId } from "./route-ids.ts";
import { trafficShares } from "./traffic.ts";

const none: readonly never[] = Object.freeze([]);

export class GroupPart {
  readonly #backends: ReadonlyMap<string, RouteGroupBackend>;
  readonly #hosts: readonly string[];
  readonly #context: GroupContext;
  readonly #hostRegexps: readonly string[];
  readonly #hasRedirects: boolean;
  /** "" when there are no copies. */
  readonly #eastWestHost: string;
  /** By name. */
  readonly #built = new Map<string, BuiltBackend | string>();
  readonly #routes: Route[] = [];
  #hasRoutes = false;
  #catchesAll = false;

  constructor(hosts: readonly string[], backends: ReadonlyMap<string, RouteGroupBackend>, context: GroupContext) {
    const { settings, options, metadata, internal } = context;
    this.#backends = backends;
    this.#hosts = hosts;
    this.#context = context;
    this.#hostRegexps = hosts.length === 0 ? none : [hostPattern(hosts)];
    this.#hasRedirects = !internal && (options.redirect ?? settings.httpsRedirect);
    const isNamed = hosts.some((host) => isInEastWestDomain(settings, host));
    const hasCopies = settings.eastWestDomain !== "" && !internal && !isNamed;
    this.#eastWestHost = hasCopies ? eastWestHost(metadata, settings) : "";
  }

  /** Adds the routes of an entry, or none of them and gives why. */
  add(template: RouteTemplate): string {
    const built = new Map<string, BuiltBackend>();
    for (const { backendName } of template.backends) {
      const backend = this.#build(backendName);
      if (typeof backend === "string") return backend;
      built.set(backendName, backend);
    }
    const shares = trafficShares(
      this.#context.settings.trafficAlgorithm,
      template.backends.map(({ backendName: name, weight }) => ({ name, weight })),
    );
    for (const method of template.methods) {
      for (const [backendIndex, { backendName }] of template.backends.entries()) {
        const { metadata, internal } = this.#context;
        const { namespace, name } = metadata;
        const id = routeGroupRouteId({ namespace, name, internal }, method, template.index, backendIndex);
        this.#addRoute(
          makeRoute({
            id,
            hostRegexps: this.#hostRegexps,
            pathRegexps: template.pathRegexps,
            method,
            predicates: joined(template.predicates, shares[backendIndex]!.predicates),
            filters: this.#filters(template, backendName, built.get(backendName)!),
            backend: built.get(backendName)!.backend,
          }),
        );
      }
    }
    return "";
  }

  /** Entries share their backends. */
  #build(name: string): BuiltBackend | string {
    let built = this.#built.get(name);
    if (built === undefined) {
      built = routeGroupBackend(this.#backends.get(name)!, this.#context);
      this.#built.set(name, built);
    }
    return built;
  }

  #addRoute(route: Route): void {
    this.#hasRoutes = true;
    this.#catchesAll ||= hasOnlyHosts(route);
    this.#routes.push(route);
    if (this.#eastWestHost !== "") this.#routes.push(eastWestCopy(route, this.#eastWestHost));
    if (this.#hasRedirects && !looksAtProto(route.predicates)) {
      this.#routes.push(routeGroupRedirectRoute(route, this.#context.settings.httpsRedirectCode));
    }
  }

  #filters(template: RouteTemplate, backendName: string, built: BuiltBackend): readonly Call[] {
    const { options, settings } = this.#context;
    const { type, serviceName } = this.#backends.get(backendName)!;
    const isService = type === "" || type === "service";
    return joined(
      options.application,
      isService ? this.#defaultFilters(serviceName) : none,
      built.filters,
      built.keepsRouteFilters ? template.filters : none,
      settings.backendNameTag ? [{ name: "tracingTag", args: ["skipper.backend_name", backendName] }] : none,
    );
  }

  #defaultFilters(service: string): readonly Call[] {
    const { view, settings, metadata, problems } = this.#context;
    const { namespace, name } = metadata;
    const { filters, error } = defaultFilters(view, settings, namespace, service);
    if (error !== "") {
      const place = `error while applying default filters for route group and service: ${namespace}/${name} ${service}`;
      const message = `Failed to retrieve default filters: ${place}, ${error}`;
      problems.push({ level: "error", message, bare: false });
    }
    return filters;
  }

  /** All routes with what comes to them in the end. */
  finish(): readonly Route[] {
    const { settings, metadata, internal } = this.#context;
    if (settings.catchAll && this.#hasRoutes && !this.#catchesAll) {
      for (const host of this.#hosts) this.#routes.push(routeGroupCatchAll(host, internal));
    }
    const items = annotationItems(metadata, internal ? settings.internal : settings.external);
    const range = internal ? settings.eastWestRangePredicates : none;
    return this.#routes.map((route) => applyAnnotationItems(appendPredicates(route, range), items));
  }
}
