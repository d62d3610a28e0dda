// Hot path: one lock and a few cells for a request that finds a free place. Guarded by shared-queues.bench.ts.
//
// The route queues as one thread works on them: who may pass, who waits, who is turned away (spec resilience 2). Each step is whole
// under the lock of its queue, so the order of requests is one over all workers. Waits that end are told by letter to the worker
// that waits. Knows nothing of requests, timers and promises (worker-queues.ts), nor of routes (queue-registry.ts).

import type { SharedInt32 } from "../../util/shared-arena.ts";
import { lock, takeOver, unlock } from "../../util/shared-lock.ts";
import { SharedTable } from "../../util/shared-table.ts";
import {
  BELL,
  COLUMNS,
  CONCURRENCY,
  columnOf,
  EPOCH,
  FIFO,
  FIRST_LETTER,
  INSIDE,
  LETTER_CELLS,
  LOCK,
  NEWER,
  NEWEST,
  NEXT_LETTER,
  OLDER,
  OLDEST,
  OPEN,
  PASSED_EPOCH,
  QUEUE,
  type QueueMemory,
  STATE,
  TIMEOUT_MS,
  WAITER_CELLS,
  WAITERS,
  WAITING,
  WAITING_LIMIT,
} from "./queue-memory.ts";
import type { QueueSettings } from "./queue-settings.ts";

/** What `enter` gives when it is not a waiter. */
export const PASSED = 0;
export const FULL = -1;
export const CLOSED = -2;

/** What a letter says. */
export const Wait = { none: 0, goesOn: 1, passed: 2, full: 3, closed: 4 } as const;
export type Wait = (typeof Wait)[keyof typeof Wait];

const MAX_INT = 2 ** 31 - 1;

export class SharedQueues {
  /** Slots of queues by key. */
  readonly table: SharedTable;
  /** The epoch of the request that `enter` let pass, or `takeLost` found, last. */
  epoch = 0;
  readonly #memory: QueueMemory;
  readonly #cells: SharedInt32;
  readonly #waiters: SharedInt32;
  readonly #letters: SharedInt32;
  readonly #stride: number;
  readonly #column: number;
  /** Number of this thread as owner of locks. */
  readonly #owner: number;
  /** Waiters of this column that were given back, and the next one that was never taken. */
  readonly #free: number[] = [];
  #fresh: number;

  /** `column`: that of this worker, from 0; the number of workers for the main thread, which never enters. */
  constructor(memory: QueueMemory, column: number) {
    this.#memory = memory;
    this.table = new SharedTable(memory.table);
    this.#cells = this.table.cells;
    this.#waiters = memory.waiters;
    this.#letters = memory.letters;
    this.#stride = this.table.cellsPerSlot;
    this.#column = column;
    this.#owner = column + 1;
    this.#fresh = column * WAITERS + 1;
  }

  /** A request comes. Gives PASSED, FULL, CLOSED, or the waiter that it is now. */
  enter(slot: number): number {
    const cells = this.#cells;
    const at = slot * this.#stride;
    lock(cells, at + LOCK, this.#owner);
    let result: number;
    if (cells[at + OPEN] === 0) result = CLOSED;
    else if (cells[at + INSIDE]! < cells[at + CONCURRENCY]!) {
      this.epoch = cells[at + EPOCH]!;
      this.#count(at, this.#column, 1);
      result = PASSED;
    } else result = this.#wait(slot, at);
    unlock(cells, at + LOCK);
    return result;
  }

  /** A request that passed in `epoch` leaves: the next one may pass. */
  release(slot: number, epoch: number): void {
    const cells = this.#cells;
    const at = slot * this.#stride;
    lock(cells, at + LOCK, this.#owner);
    if (cells[at + EPOCH] === epoch) {
      this.#count(at, this.#column, -1);
      this.#admit(at);
    }
    unlock(cells, at + LOCK);
  }

  /** A waiter of this thread gives up; false when its wait is over already, and the letter on its way. */
  leave(slot: number, waiter: number): boolean {
    const at = slot * this.#stride;
    lock(this.#cells, at + LOCK, this.#owner);
    const waits = this.#waiters[waiter * WAITER_CELLS + STATE] === Wait.goesOn;
    if (waits) this.#unlink(at, waiter);
    unlock(this.#cells, at + LOCK);
    if (waits) this.giveBack(waiter);
    return waits;
  }

  /** How long a request waits at most, in milliseconds. */
  timeoutMs(slot: number): number {
    return Atomics.load(this.#cells, slot * this.#stride + TIMEOUT_MS);
  }

  inside(slot: number): number {
    return Atomics.load(this.#cells, slot * this.#stride + INSIDE);
  }

  waiting(slot: number): number {
    return Atomics.load(this.#cells, slot * this.#stride + WAITING);
  }

  /** Opens the queue, or changes its settings: who waits stays; of a fifo who is inside does not count any more. `epoch` is new. */
  configure(slot: number, fifo: boolean, settings: QueueSettings, epoch: number): void {
    const cells = this.#cells;
    const at = slot * this.#stride;
    const concurrency = Math.min(settings.concurrency, MAX_INT);
    const limit = Math.min(settings.waiting, MAX_INT);
    const timeoutMs = Math.min(Math.ceil(settings.timeoutMs), MAX_INT);
    lock(cells, at + LOCK, this.#owner);
    const same =
      cells[at + CONCURRENCY] === concurrency &&
      cells[at + WAITING_LIMIT] === limit &&
      cells[at + TIMEOUT_MS] === timeoutMs;
    if (cells[at + OPEN] === 0 || (fifo && !same)) {
      cells[at + EPOCH] = epoch;
      cells.fill(0, at + COLUMNS, at + COLUMNS + this.#memory.columns);
      cells[at + INSIDE] = 0;
    }
    cells[at + FIFO] = fifo ? 1 : 0;
    cells[at + CONCURRENCY] = concurrency;
    cells[at + WAITING_LIMIT] = limit;
    Atomics.store(cells, at + TIMEOUT_MS, timeoutMs);
    cells[at + OPEN] = 1;
    this.#admit(at);
    unlock(cells, at + LOCK);
  }

  /** Nobody enters any more, and who waits is told. */
  close(slot: number): void {
    const cells = this.#cells;
    const at = slot * this.#stride;
    lock(cells, at + LOCK, this.#owner);
    cells[at + OPEN] = 0;
    while (cells[at + OLDEST] !== 0) this.#end(at, cells[at + OLDEST]!, Wait.closed);
    unlock(cells, at + LOCK);
  }

  /** The worker of a column is no more: what it held is free, who waited in it is forgotten. For the main thread. */
  retire(column: number): void {
    const { low } = this.#memory.table;
    for (let slot = 0; slot < low.length; slot++) if (Atomics.load(low, slot) !== 0) this.#retire(slot, column);
    Atomics.store(this.#letters, column * LETTER_CELLS + FIRST_LETTER, 0);
    // It may have died between a letter and the bell.
    for (let other = 0; other < this.#memory.columns; other++) this.#ring(other);
  }

  #retire(slot: number, column: number): void {
    const cells = this.#cells;
    const at = slot * this.#stride;
    if (takeOver(cells, at + LOCK, column + 1, this.#owner)) this.#repair(at);
    else lock(cells, at + LOCK, this.#owner);
    for (let waiter = cells[at + OLDEST]!; waiter !== 0; ) {
      const newer = this.#waiters[waiter * WAITER_CELLS + NEWER]!;
      if (columnOf(waiter) === column) this.#unlink(at, waiter);
      waiter = newer;
    }
    this.#count(at, column, -cells[at + COLUMNS + column]!);
    if (cells[at + OPEN] === 1) this.#admit(at);
    unlock(cells, at + LOCK);
  }

  /** A thread died inside: the forward links and the counts by column are taken for true, the rest is made of them. */
  #repair(at: number): void {
    const cells = this.#cells;
    let last = 0;
    let waiting = 0;
    for (let waiter = cells[at + OLDEST]!; waiter !== 0; waiter = this.#waiters[waiter * WAITER_CELLS + NEWER]!) {
      this.#waiters[waiter * WAITER_CELLS + OLDER] = last;
      last = waiter;
      waiting++;
    }
    cells[at + NEWEST] = last;
    cells[at + WAITING] = waiting;
    let inside = 0;
    for (let column = 0; column < this.#memory.columns; column++) inside += cells[at + COLUMNS + column]!;
    cells[at + INSIDE] = inside;
  }

  /**
   * The letters of this worker: `read` gets each waiter, the slot of its queue, what became of it and its epoch. The waiter is given
   * back before.
   */
  readLetters(read: (waiter: number, slot: number, wait: Wait, epoch: number) => void): void {
    const at = this.#column * LETTER_CELLS + FIRST_LETTER;
    if (Atomics.load(this.#letters, at) === 0) return;
    const waiters = this.#waiters;
    for (let waiter = Atomics.exchange(this.#letters, at, 0); waiter !== 0; ) {
      const cell = waiter * WAITER_CELLS;
      const next = waiters[cell + NEXT_LETTER]!;
      const slot = waiters[cell + QUEUE]!;
      const wait = waiters[cell + STATE]! as Wait;
      const epoch = waiters[cell + PASSED_EPOCH]!;
      this.giveBack(waiter);
      read(waiter, slot, wait, epoch);
      waiter = next;
    }
  }

  /**
   * What became of a waiter whose letter does not come, since the worker that wrote it died on the way; the epoch is in `epoch`. Should
   * the letter come after all it says nothing any more.
   */
  takeLost(waiter: number): Wait {
    const cell = waiter * WAITER_CELLS;
    const wait = this.#waiters[cell + STATE]! as Wait;
    this.epoch = this.#waiters[cell + PASSED_EPOCH]!;
    this.#waiters[cell + STATE] = Wait.none;
    return wait;
  }

  /** Resolves when letters may have come since `readLetters`; null when they have. */
  nextBell(seen: number): Promise<unknown> | null {
    const { async, value } = Atomics.waitAsync(this.#letters, this.#column * LETTER_CELLS + BELL, seen);
    return async ? value : null;
  }

  /** To be read before `readLetters`, for `nextBell`. */
  get bell(): number {
    return Atomics.load(this.#letters, this.#column * LETTER_CELLS + BELL);
  }

  giveBack(waiter: number): void {
    this.#waiters[waiter * WAITER_CELLS + STATE] = Wait.none;
    this.#free.push(waiter);
  }

  #wait(slot: number, at: number): number {
    const cells = this.#cells;
    const full = cells[at + WAITING]! >= cells[at + WAITING_LIMIT]!;
    if (full && cells[at + FIFO] === 1) return FULL;
    const waiter = this.#take();
    if (waiter === 0) return FULL;
    if (full) this.#end(at, cells[at + OLDEST]!, Wait.full);
    const waiters = this.#waiters;
    const cell = waiter * WAITER_CELLS;
    const newest = cells[at + NEWEST]!;
    waiters[cell + QUEUE] = slot;
    waiters[cell + STATE] = Wait.goesOn;
    waiters[cell + OLDER] = newest;
    waiters[cell + NEWER] = 0;
    if (newest === 0) cells[at + OLDEST] = waiter;
    else waiters[newest * WAITER_CELLS + NEWER] = waiter;
    cells[at + NEWEST] = waiter;
    cells[at + WAITING]!++;
    return waiter;
  }

  /** A free waiter of this column, 0 when all wait. */
  #take(): number {
    const given = this.#free.pop();
    if (given !== undefined) return given;
    return this.#fresh <= (this.#column + 1) * WAITERS ? this.#fresh++ : 0;
  }

  /** Lets waiters pass while there is room. */
  #admit(at: number): void {
    const cells = this.#cells;
    const next = cells[at + FIFO] === 1 ? OLDEST : NEWEST;
    while (cells[at + INSIDE]! < cells[at + CONCURRENCY]! && cells[at + next] !== 0) {
      const waiter = cells[at + next]!;
      this.#waiters[waiter * WAITER_CELLS + PASSED_EPOCH] = cells[at + EPOCH]!;
      this.#count(at, columnOf(waiter), 1);
      this.#end(at, waiter, Wait.passed);
    }
  }

  /** The wait is over: tells the worker. */
  #end(at: number, waiter: number, how: Wait): void {
    this.#unlink(at, waiter);
    const letters = this.#letters;
    const cell = waiter * WAITER_CELLS;
    const column = columnOf(waiter);
    const first = column * LETTER_CELLS + FIRST_LETTER;
    this.#waiters[cell + STATE] = how;
    for (;;) {
      const head = Atomics.load(letters, first);
      this.#waiters[cell + NEXT_LETTER] = head;
      if (Atomics.compareExchange(letters, first, head, waiter) === head) break;
    }
    if (column !== this.#column) this.#ring(column);
  }

  #ring(column: number): void {
    const bell = column * LETTER_CELLS + BELL;
    Atomics.add(this.#letters, bell, 1);
    Atomics.notify(this.#letters, bell);
  }

  #unlink(at: number, waiter: number): void {
    const cells = this.#cells;
    const waiters = this.#waiters;
    const older = waiters[waiter * WAITER_CELLS + OLDER]!;
    const newer = waiters[waiter * WAITER_CELLS + NEWER]!;
    if (older === 0) cells[at + OLDEST] = newer;
    else waiters[older * WAITER_CELLS + NEWER] = newer;
    if (newer === 0) cells[at + NEWEST] = older;
    else waiters[newer * WAITER_CELLS + OLDER] = older;
    cells[at + WAITING]!--;
  }

  #count(at: number, column: number, by: number): void {
    this.#cells[at + INSIDE]! += by;
    this.#cells[at + COLUMNS + column]! += by;
  }
}
