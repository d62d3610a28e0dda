// What a lookup needs from a built route and gives back. The reader is generic: how a route is built is the runtime's business.

import type { Route } from "../eskip/route.ts";
import type { PredicateRequest } from "../spec/predicate.ts";

/** A built route as the matcher sees it. */
export interface MatchableRoute {
  /** The route id. */
  readonly id: string;
  /** True when all predicates but the path hold. */
  matches(request: PredicateRequest): boolean;
  /** Called once when the table lets the instance go (its route was replaced or deleted, or the cache is full).
   *  Requests that found it before still use it. */
  release(): void;
}

/** Makes an instance from a definition that was checked before. Called in the worker, on first use or in a renewal. */
export type BuildRoute<T extends MatchableRoute> = (route: Route) => T;
