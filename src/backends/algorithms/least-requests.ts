// leastRequests: the fewest requests in flight for its weight; among equals a weighted round robin (spec resilience 6.1).

import type { Algorithm, AlgorithmRoute } from "./algorithm.ts";
import { WeightedRoundRobin } from "./weighted-round-robin.ts";

export class LeastRequests implements Algorithm {
  readonly #route: AlgorithmRoute;
  readonly #turns: WeightedRoundRobin;
  /** The candidates with the least load. */
  readonly #least: Int32Array;

  constructor(route: AlgorithmRoute) {
    this.#route = route;
    this.#turns = new WeightedRoundRobin(route);
    this.#least = new Int32Array(route.slots.length);
  }

  choose(candidates: Int32Array, count: number): number {
    const least = this.#least;
    let equals = 0;
    let lowest = Number.POSITIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const load = this.#load(candidates[i]!);
      if (load > lowest) continue;
      if (load < lowest) {
        lowest = load;
        equals = 0;
      }
      least[equals++] = candidates[i]!;
    }
    return equals === 1 ? least[0]! : this.#turns.choose(least, equals);
  }

  /** Infinite for an endpoint that should get nothing. */
  #load(candidate: number): number {
    const { endpoints, slots } = this.#route;
    const weight = endpoints.weight(slots[candidate]!);
    return weight <= 0 ? Number.POSITIVE_INFINITY : endpoints.inFlight(slots[candidate]!) / weight;
  }

  release(): void {
    this.#turns.release();
  }
}
