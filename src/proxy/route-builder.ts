// Makes a RouteInstance from a definition that the routing table has accepted: predicates, filters, backend. Runs in a worker, at
// the first request of a route, or before it for a route that was used before it changed. A part that cannot be created after all throws
// in its place: the requests that come to it get 500, and the log says why (exchange.ts).

import type { CheckedFilter } from "../backends/fade-in.ts";
import { type BalancerEnv, EndpointBalancer } from "../backends/load-balancer.ts";
import type { Pools } from "../backends/pool.ts";
import type { Backend, Call, Route } from "../eskip/route.ts";
import { splitBackendAddress } from "../eskip/url.ts";
import type { RequestMetrics } from "../observability/request-metrics.ts";
import { buildMatcher } from "../routing/build-matcher.ts";
import { creationFailure } from "../routing/creation-failure.ts";
import { checkArgs } from "../spec/args.ts";
import type { FilterEnv } from "../spec/env.ts";
import type { Filter } from "../spec/filter.ts";
import type { PredicateEnv } from "../spec/predicate.ts";
import type { Registry } from "../spec/registry.ts";
import { toByteString } from "../util/bytes.ts";
import { BackendKind, type BackendTarget, type RouteBackend, RouteInstance } from "./route-instance.ts";
import { makeTarget } from "./target.ts";

export interface RouteBuilderOptions {
  /** The declarations that a route is built with. */
  registryFor(route: Route): Registry;
  readonly pools: Pools;
  readonly metrics: RequestMetrics;
  readonly predicateEnv: PredicateEnv;
  readonly filterEnv: FilterEnv;
  readonly balancerEnv: BalancerEnv;
}

export class RouteBuilder {
  readonly #options: RouteBuilderOptions;

  constructor(options: RouteBuilderOptions) {
    this.#options = options;
  }

  build(route: Route): RouteInstance {
    const { predicateEnv, metrics } = this.#options;
    const registry = this.#options.registryFor(route);
    const matches = buildMatcher(route, registry, predicateEnv);
    const backend = this.#backend(route.backend, route, registry);
    const filters = route.filters.map((call) => this.#filterOrFailure(call, route, registry));
    return new RouteInstance(route, matches, filters, backend, metrics);
  }

  #filterOrFailure(call: Call, route: Route, registry: Registry): Filter {
    try {
      return this.#filter(call, registry);
    } catch (cause) {
      return failing(creationFailure(`route ${route.id}: filter ${call.name}`, cause));
    }
  }

  #filter(call: Call, registry: Registry): Filter {
    const { filterEnv, metrics } = this.#options;
    const spec = registry.filter(call.name)!;
    const before = performance.now();
    const checked = spec.anyArgs ? { values: call.args } : checkArgs(spec.args, call.args);
    if ("error" in checked)
      throw new Error(`filter ${call.name} passed the check and is refused now: ${checked.error.message}`);
    const filter = spec.create(checked.values, filterEnv);
    metrics.filter(call.name).create((performance.now() - before) / 1000);
    return filter;
  }

  #backend(backend: Backend, route: Route, registry: Registry): RouteBackend {
    switch (backend.type) {
      case "network":
        return network(this.#target(backend.address));
      case "lb": {
        const targets = backend.endpoints.map((endpoint) => this.#target(endpoint.address));
        const balancer = new EndpointBalancer(
          backend,
          targets,
          route,
          this.#endpointFilters(route, registry),
          this.#options.balancerEnv,
        );
        return { kind: BackendKind.lb, target: null, balancer };
      }
      case "shunt":
        return shunt;
      case "loopback":
        return loopback;
      case "dynamic":
        return dynamic;
      case "forward":
        return network(null);
    }
  }

  /** The filters that say something about endpoints, with their arguments (spec resilience 7.1). */
  #endpointFilters(route: Route, registry: Registry): CheckedFilter[] {
    const filters: CheckedFilter[] = [];
    for (const { name, args } of route.filters) {
      if (name !== "fadeIn" && name !== "endpointCreated") continue;
      const checked = checkArgs(registry.filter(name)!.args, args);
      if ("values" in checked) filters.push({ name, values: checked.values });
    }
    return filters;
  }

  /** Null for an address that cannot be used: such a route answers 500 (spec eskip 5.2). */
  #target(address: string): BackendTarget | null {
    const split = splitBackendAddress(address);
    if ("error" in split) return null;
    return makeTarget(this.#options.pools, split.scheme, toByteString(split.host), split.hostname, split.port);
  }
}

function failing(error: Error): Filter {
  return {
    request() {
      throw error;
    },
  };
}

const shunt: RouteBackend = { kind: BackendKind.shunt, target: null, balancer: null };
const loopback: RouteBackend = { kind: BackendKind.loopback, target: null, balancer: null };
const dynamic: RouteBackend = { kind: BackendKind.dynamic, target: null, balancer: null };

function network(target: BackendTarget | null): RouteBackend {
  return { kind: BackendKind.network, target, balancer: null };
}
