// What the load balancing algorithms have in common: each chooses among the candidates of one request. An instance belongs to one
// built route of one worker; what its turns need lies in shared memory, so that all workers take turns with each other.

import type { Headers } from "../../http/headers.ts";
import type { Hash64 } from "../../observability/mask-query.ts";
import type { Endpoints } from "../endpoints.ts";

/** What an algorithm may look at of a request. */
export interface BalancedRequest {
  readonly headers: Headers;
  readonly remoteAddress: string;
}

export interface Algorithm {
  /**
   * One of the first `count` (at least 2) entries of `candidates`, which are indices of endpoints in rising order. `hashKey`: ""
   * for none; `balanceFactor`: 0 for none.
   */
  choose(
    candidates: Int32Array,
    count: number,
    hashKey: string,
    balanceFactor: number,
    request: BalancedRequest,
  ): number;
  /** The route is not used any more. */
  release(): void;
}

/** What an algorithm is made from. */
export interface AlgorithmRoute {
  readonly endpoints: Endpoints;
  /** The slot of each endpoint. */
  readonly slots: Int32Array;
  /** Each endpoint as written in the route: byte strings. */
  readonly addresses: readonly string[];
  /** Equal in all workers, different for different lists of endpoints. */
  readonly turnKey: string;
  readonly hash: Hash64;
  /** At least 0, below 1. */
  random(): number;
}
