// A built route: what a worker makes of a definition at its first use and shares among requests. It holds settings, never the
// state of a request, and counts who is inside: filters are closed when the table has let it go and the last request has left.

import type { LoadBalancer } from "../backends/load-balancer.ts";
import type { HostPool } from "../backends/pool.ts";
import type { Route } from "../eskip/route.ts";
import type { FilterMetrics, RequestMetrics, RouteMetrics } from "../observability/request-metrics.ts";
import type { MatchableRoute } from "../routing/lookup.ts";
import type { LookupResult } from "../routing/reader.ts";
import type { Filter } from "../spec/filter.ts";
import type { PredicateRequest } from "../spec/predicate.ts";

/** An address of a backend, ready to be called. */
export interface BackendTarget {
  readonly scheme: string;
  /** `host[:port]` as in the address, lower case: the Host header when no other is set. */
  readonly host: string;
  /** Null for a scheme that the proxy does not speak. */
  readonly pool: HostPool | null;
}

export const BackendKind = { network: 0, lb: 1, shunt: 2, loopback: 3, dynamic: 4, unusable: 5 } as const;
export type BackendKind = (typeof BackendKind)[keyof typeof BackendKind];

export interface RouteBackend {
  readonly kind: BackendKind;
  /** The one target of a network backend. */
  readonly target: BackendTarget | null;
  /** Chooses among `endpoints` of a load balanced backend. */
  readonly balancer: LoadBalancer<BackendTarget | null> | null;
}

export class RouteInstance implements MatchableRoute {
  readonly id: string;
  readonly route: Route;
  readonly filters: readonly Filter[];
  readonly filterMetrics: readonly FilterMetrics[];
  readonly metrics: RouteMetrics;
  readonly backend: RouteBackend;
  /** Host of the network backend, "" for others: the default of the outgoing host. */
  readonly backendHost: string;
  readonly matches: (request: PredicateRequest) => boolean;
  #requests = 0;
  #isReleased = false;

  constructor(
    route: Route,
    matches: (request: PredicateRequest) => boolean,
    filters: readonly Filter[],
    backend: RouteBackend,
    allMetrics: RequestMetrics,
  ) {
    this.id = route.id;
    this.route = route;
    this.filters = filters;
    this.backend = backend;
    this.backendHost = backend.target === null ? "" : backend.target.host;
    this.matches = matches;
    this.metrics = allMetrics.route(route.id, hasHostPredicate(route), this.backendHost);
    this.filterMetrics = route.filters.map((call) => allMetrics.filter(call.name));
  }

  /** A path parameter of this route from what its lookup captured; undefined when the route has none of that name. */
  pathParam(lookup: LookupResult, name: string): string | undefined {
    return lookup.param(name);
  }

  /** A request is executed by this route; `leave` must follow when its exchange is over. */
  enter(): void {
    this.#requests++;
  }

  leave(): void {
    if (--this.#requests === 0 && this.#isReleased) this.#close();
  }

  release(): void {
    this.#isReleased = true;
    if (this.#requests === 0) this.#close();
  }

  #close(): void {
    for (const filter of this.filters) filter.close?.();
    this.backend.balancer?.release();
  }
}

/** The request host may be a metric label only when the route names hosts (spec matching 10). */
function hasHostPredicate(route: Route): boolean {
  return route.hostRegexps.length > 0 || route.predicates.some((p) => p.name === "Host" || p.name === "HostAny");
}
