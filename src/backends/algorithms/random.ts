// random: any of them, all as likely (spec resilience 6.1).

import type { Algorithm, AlgorithmRoute } from "./algorithm.ts";

export class Random implements Algorithm {
  readonly #route: AlgorithmRoute;

  constructor(route: AlgorithmRoute) {
    this.#route = route;
  }

  choose(candidates: Int32Array, count: number): number {
    return candidates[Math.floor(this.#route.random() * count)]!;
  }

  release(): void {}
}
