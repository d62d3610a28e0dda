// What the workers of the process know together about the second level, in shared memory: how many bytes are on their way, and which
// servers fail. No locks: every cell alone is true, and what a dead worker had on its way is one cell that the main thread clears.
//
//   pending    for each worker: bytes on their way
//   breakers   for each server: | failures in a row | 1: left alone | until when, or since when not, ms | pause, ms |

import type { SharedInt32 } from "../../util/shared-arena.ts";

/** More than this is a mistake: each worker has a connection to each. */
export const MAX_SERVERS = 64;

export const BREAKER_CELLS = 4;
const FAILURES = 0;
const IS_OPEN = 1;
const UNTIL = 2;
const PAUSE = 3;

/** So many failures in a row open a breaker. */
const FAILURE_LIMIT = 5;
/** A server that fails is tried again after so long, by one worker and not by a request. */
const PAUSE_MS = 1000;
/** The pause doubles for one that fails again so soon after it answered. */
const STEADY_MS = 10_000;
const LONGEST_PAUSE_MS = 30_000;

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
    if (Atomics.compareExchange(this.#cells, this.#at + IS_OPEN, 0, 1) !== 0) return false;
    const before = Atomics.load(this.#cells, this.#at + PAUSE);
    const closedMs = Atomics.load(this.#cells, this.#at + UNTIL);
    // Differences of 32 bits: right as long as nobody is gone for weeks.
    const isEarly = before > 0 && ((nowMs - closedMs) | 0) < STEADY_MS;
    const pauseMs = isEarly ? Math.min(2 * before, LONGEST_PAUSE_MS) : PAUSE_MS;
    Atomics.store(this.#cells, this.#at + PAUSE, pauseMs);
    Atomics.store(this.#cells, this.#at + UNTIL, (nowMs + pauseMs) | 0);
    return true;
  }

  /** An answer came: failures in a row begin anew. */
  worked(): void {
    if (Atomics.load(this.#cells, this.#at + FAILURES) !== 0) Atomics.store(this.#cells, this.#at + FAILURES, 0);
  }

  /** True for one caller in each pause, who then has to try the server. */
  mayTry(nowMs: number): boolean {
    const cell = this.#at + UNTIL;
    const until = Atomics.load(this.#cells, cell);
    if (((until - nowMs) | 0) > 0) return false;
    const next = (nowMs + Atomics.load(this.#cells, this.#at + PAUSE)) | 0;
    return Atomics.compareExchange(this.#cells, cell, until, next) === until;
  }

  /** The server answers again. True when this has closed the breaker. */
  close(nowMs: number): boolean {
    this.worked();
    Atomics.store(this.#cells, this.#at + UNTIL, nowMs | 0);
    return Atomics.compareExchange(this.#cells, this.#at + IS_OPEN, 1, 0) === 1;
  }
}
