// The turns of one route, shared by all workers: a counter, and where to begin, which differs between routes and processes. When
// the shared table has no room the worker takes turns alone.

import type { Endpoints } from "../endpoints.ts";

export class Turns {
  /** A number from 0 to 2^32 - 1. */
  readonly start: number;
  readonly #endpoints: Endpoints;
  readonly #slot: number;
  readonly #cells: Int32Array;
  readonly #at: number;

  constructor(endpoints: Endpoints, key: string) {
    this.#endpoints = endpoints;
    this.#slot = endpoints.turns.slot(key);
    this.#cells = this.#slot < 0 ? new Int32Array(1) : endpoints.turns.cells;
    this.#at = this.#slot < 0 ? 0 : this.#slot * endpoints.turns.cellsPerSlot;
    this.start = startOf(key, endpoints.seed);
  }

  /** The next turn: one more than the last, whoever took that. */
  next(): number {
    return (Atomics.add(this.#cells, this.#at, 1) + this.start) >>> 0;
  }

  release(): void {
    if (this.#slot >= 0) this.#endpoints.turns.release(this.#slot);
  }
}

/** FNV-1a, mixed. */
function startOf(key: string, seed: number): number {
  let h = seed;
  for (let i = 0; i < key.length; i++) h = Math.imul(h ^ key.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return (h ^ (h >>> 13)) >>> 0;
}
