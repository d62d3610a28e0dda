// What the workers of the process know together about the second level, in shared memory: how many bytes are on their way, and which
// servers fail. No locks: every cell alone is true, and what a dead worker had on its way is one cell that the main thread clears.
//
//   pending    for each worker: bytes on their way
//   breakers   for each server: | failures in a row | 1: left alone | until when, ms | unused |

import type { SharedInt32 } from "../../util/shared-arena.ts";

/** More than this is a mistake: each worker has a connection to each. */
export const MAX_SERVERS = 64;

export const BREAKER_CELLS = 4;
const FAILURES = 0;
const IS_OPEN = 1;
const UNTIL = 2;

/** So many failures in a row open a breaker. */
const FAILURE_LIMIT = 5;
/** A server that fails is tried again after so long, by one worker and not by a request. */
const PAUSE_MS = 1000;

/** The room for what is on its way to the servers, one for the process. */
export class SharedRoom {
  readonly #pending: SharedInt32;
  readonly #worker: number;

  constructor(pending: SharedInt32, worker: number) {
    this.#pending = pending;
    this.#worker = worker;
  }

  /** Takes so many bytes; false, and nothing is taken, when all workers together would have more than `limit`. */
  take(bytes: number, limit: number): boolean {
    Atomics.add(this.#pending, this.#worker, bytes);
    let sum = 0;
    for (let i = 0; i < this.#pending.length; i++) sum += Atomics.load(this.#pending, i);
    if (sum <= limit) return true;
    this.giveBack(bytes);
    return false;
  }

  giveBack(bytes: number): void {
    Atomics.sub(this.#pending, this.#worker, bytes);
  }
}

/** Leaves a server alone that fails, in all workers. Times are milliseconds since 1970. */
export class SharedBreaker {
  readonly #cells: SharedInt32;
  readonly #at: number;

  constructor(breakers: SharedInt32, server: number) {
    this.#cells = breakers;
    this.#at = server * BREAKER_CELLS;
  }

  get isOpen(): boolean {
    return Atomics.load(this.#cells, this.#at + IS_OPEN) === 1;
  }

  /** `isDown`: nothing can be had from it. True when this has opened the breaker. */
  failed(isDown: boolean, nowMs: number): boolean {
    const failures = Atomics.add(this.#cells, this.#at + FAILURES, 1) + 1;
    if (!isDown && failures < FAILURE_LIMIT) return false;
    Atomics.store(this.#cells, this.#at + UNTIL, (nowMs + PAUSE_MS) | 0);
    return Atomics.compareExchange(this.#cells, this.#at + IS_OPEN, 0, 1) === 0;
  }

  /** An answer came: failures in a row begin anew. */
  worked(): void {
    if (Atomics.load(this.#cells, this.#at + FAILURES) !== 0) Atomics.store(this.#cells, this.#at + FAILURES, 0);
  }

  /** True for one caller in each pause, who then has to try the server. */
  mayTry(nowMs: number): boolean {
    const cell = this.#at + UNTIL;
    const until = Atomics.load(this.#cells, cell);
    // Differences of 32 bits: right as long as nobody is gone for weeks.
    if (((until - nowMs) | 0) > 0) return false;
    return Atomics.compareExchange(this.#cells, cell, until, (nowMs + PAUSE_MS) | 0) === until;
  }

  /** The server answers again. True when this has closed the breaker. */
  close(): boolean {
    this.worked();
    return Atomics.compareExchange(this.#cells, this.#at + IS_OPEN, 1, 0) === 1;
  }
}
