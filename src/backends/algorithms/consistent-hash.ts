// consistentHash: the same key goes to the same endpoint (spec resilience 6.2); with a balance factor the next one of the ring takes
// over from an endpoint with too many requests in flight.

import { canonicalClientAddress } from "../../http/canonical-address.ts";
import type { Algorithm, AlgorithmRoute, BalancedRequest } from "./algorithm.ts";
import { HashRing } from "./hash-ring.ts";

export class ConsistentHash implements Algorithm {
  readonly #route: AlgorithmRoute;
  readonly #ring: HashRing;
  /** 1 for each endpoint that is a candidate of the present request. */
  readonly #isCandidate: Uint8Array;

  constructor(route: AlgorithmRoute) {
    this.#route = route;
    this.#ring = new HashRing(route.addresses, route.hash);
    this.#isCandidate = new Uint8Array(route.addresses.length);
  }

  choose(
    candidates: Int32Array,
    count: number,
    hashKey: string,
    balanceFactor: number,
    request: BalancedRequest,
  ): number {
    const isCandidate = this.#isCandidate;
    isCandidate.fill(0);
    for (let i = 0; i < count; i++) isCandidate[candidates[i]!] = 1;
    const point = this.#ring.find(hashKey === "" ? canonicalClientAddress(request) : hashKey);
    const limit = balanceFactor === 0 ? Number.POSITIVE_INFINITY : this.#limit(candidates, count, balanceFactor);
    return this.#walk(point, limit);
  }

  /** Requests in flight that an endpoint may have. */
  #limit(candidates: Int32Array, count: number, balanceFactor: number): number {
    const { endpoints, slots } = this.#route;
    let sum = 0;
    for (let i = 0; i < count; i++) sum += endpoints.inFlight(slots[candidates[i]!]!);
    return (balanceFactor * (sum + 1)) / count;
  }

  /** Along the ring to the first candidate within the limit; the last candidate of all when none is. */
  #walk(point: number, limit: number): number {
    const { endpoints, slots } = this.#route;
    const owners = this.#ring.owners;
    let last = -1;
    for (let i = 0; i < owners.length; i++) {
      const owner = owners[point + i < owners.length ? point + i : point + i - owners.length]!;
      if (this.#isCandidate[owner] === 0) continue;
      if (limit === Number.POSITIVE_INFINITY || endpoints.inFlight(slots[owner]!) <= limit) return owner;
      last = owner;
    }
    return last;
  }

  release(): void {}
}
