// powerOfRandomNChoices: of two random picks, which may be the same, the one with fewer requests in flight; the first one when they
// have as many (spec resilience 6.1).

import type { Algorithm, AlgorithmRoute } from "./algorithm.ts";

export class PowerOfRandomNChoices implements Algorithm {
  readonly #route: AlgorithmRoute;

  constructor(route: AlgorithmRoute) {
    this.#route = route;
  }

  choose(candidates: Int32Array, count: number): number {
    const { endpoints, slots } = this.#route;
    const first = candidates[Math.floor(this.#route.random() * count)]!;
    const second = candidates[Math.floor(this.#route.random() * count)]!;
    return endpoints.inFlight(slots[second]!) < endpoints.inFlight(slots[first]!) ? second : first;
  }

  release(): void {}
}
