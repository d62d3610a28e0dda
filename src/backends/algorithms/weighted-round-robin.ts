// weightedRoundRobin: smooth weighted round robin (spec resilience 6.1). Each candidate gains its weight, the richest is chosen and
// pays what all gained, so turns are spread evenly. With equal weights it is a round robin.
//
// What the endpoints have gained is shared by all workers without a lock: two workers that choose in the same moment may give one
// endpoint two turns in a row. Differences stay, and the next turns even them out.

import type { Endpoints } from "../endpoints.ts";
import type { Algorithm, AlgorithmRoute } from "./algorithm.ts";
import { Turns } from "./turns.ts";

export class WeightedRoundRobin implements Algorithm {
  readonly #endpoints: Endpoints;
  readonly #slots: Int32Array;
  /** Only its start is used: where ties are broken. */
  readonly #turns: Turns;
  /** What each endpoint has gained, and where. */
  readonly #gains: Float64Array;
  readonly #at: Int32Array;
  readonly #shared: boolean;

  constructor(route: AlgorithmRoute) {
    this.#endpoints = route.endpoints;
    this.#slots = route.slots;
    this.#turns = new Turns(route.endpoints, route.turnKey);
    const turns = route.endpoints.turns;
    const at = Int32Array.from(route.slots, (_, i) => turns.slot(`${i}\0${route.turnKey}`));
    this.#shared = !at.includes(-1);
    if (!this.#shared) for (const slot of at) if (slot >= 0) turns.release(slot);
    this.#at = this.#shared ? at : at.map((_, i) => i);
    this.#gains = this.#shared ? turns.doubles : new Float64Array(at.length);
  }

  choose(candidates: Int32Array, count: number): number {
    const slots = this.#slots;
    let total = 0;
    for (let i = 0; i < count; i++) total += this.#endpoints.weight(slots[candidates[i]!]!);
    // Nobody has a weight when all are dropped entirely: then they are equal.
    const allZero = total === 0;
    if (allZero) total = count;
    let next = this.#turns.start % count;
    let best = -1;
    let most = Number.NEGATIVE_INFINITY;
    for (let i = 0; i < count; i++) {
      const candidate = candidates[next]!;
      const at = this.#at[candidate]!;
      const gain = this.#gains[at]! + (allZero ? 1 : this.#endpoints.weight(slots[candidate]!));
      this.#gains[at] = gain;
      if (gain > most) {
        most = gain;
        best = candidate;
      }
      next = next + 1 === count ? 0 : next + 1;
    }
    const winner = this.#at[best]!;
    this.#gains[winner] = this.#gains[winner]! - total;
    return best;
  }

  release(): void {
    this.#turns.release();
    if (this.#shared) for (const slot of this.#at) this.#endpoints.turns.release(slot);
  }
}
