// Hot path: one atomic addition. Guarded by load-balancer.bench.ts.
//
// roundRobin: one after the other (spec resilience 6.1), over all workers.

import type { Algorithm, AlgorithmRoute } from "./algorithm.ts";
import { Turns } from "./turns.ts";

export class RoundRobin implements Algorithm {
  readonly #turns: Turns;

  constructor(route: AlgorithmRoute) {
    this.#turns = new Turns(route.endpoints, route.turnKey);
  }

  choose(candidates: Int32Array, count: number): number {
    return candidates[this.#turns.next() % count]!;
  }

  release(): void {
    this.#turns.release();
  }
}
