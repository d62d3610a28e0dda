// What one thread holds in the store, written down in shared memory so that the main thread can let go of it when the thread dies:
// entries whose bodies it reads, and entries that it writes. A hold is changed under the lock of its shard, together with what it
// stands for. Letting go cannot fail: when the lock does not come it is owed, and paid at the next use of the store.

import type { Shard } from "./shard.ts";
import { HOLD_CELLS, HOLDS, type StoreMemory } from "./store-memory.ts";

export interface Hold {
  readonly shard: number;
  readonly entry: number;
  readonly isWriting: boolean;
}

/** The holds of a worker as they stand in shared memory. */
export function holdsOf(memory: StoreMemory, worker: number): Hold[] {
  const cells = workerCells(memory, worker);
  const found: Hold[] = [];
  for (let at = 0; at < cells.length; at += HOLD_CELLS) {
    const entry = cells[at + 1]!;
    if (cells[at] !== 0) found.push({ shard: cells[at]! - 1, entry: entry >> 1, isWriting: (entry & 1) === 1 });
  }
  return found;
}

/** The worker that has these cells is no more. */
export function clearHolds(memory: StoreMemory, worker: number): void {
  const cells = workerCells(memory, worker);
  for (let at = 0; at < cells.length; at += HOLD_CELLS) if (cells[at] !== 0) cells[at] = 0;
}

function workerCells(memory: StoreMemory, worker: number): Int32Array {
  return memory.holds.subarray(worker * HOLDS * HOLD_CELLS, (worker + 1) * HOLDS * HOLD_CELLS);
}

export class Holds {
  readonly #cells: Int32Array;
  readonly #free: number[] = [];
  #used = 0;

  constructor(memory: StoreMemory, worker: number) {
    this.#cells = workerCells(memory, worker);
  }

  get isFull(): boolean {
    return this.#free.length === 0 && this.#used === HOLDS;
  }

  /** Under the lock of the shard, before the entry is pinned or known as written; not when it is full. */
  add(shard: number, entry: number, isWriting: boolean): number {
    const slot = this.#free.pop() ?? this.#used++;
    this.#cells[slot * HOLD_CELLS + 1] = entry * 2 + (isWriting ? 1 : 0);
    this.#cells[slot * HOLD_CELLS] = shard + 1;
    return slot;
  }

  /** Under the lock of the shard, after the entry was let go. */
  clear(slot: number): void {
    this.#cells[slot * HOLD_CELLS] = 0;
    this.#free.push(slot);
  }
}

/** Lets go of a body that was read, or of an entry that was written, under the lock of its shard. */
export function letGo(shard: Shard, entry: number, isWriting: boolean): void {
  if (isWriting) shard.free(entry);
  else shard.unpin(entry);
}
