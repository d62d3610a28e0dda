// A lock in one cell of shared memory, for sections of a few dozen instructions that neither allocate nor call out. The cell holds the
// number of the thread inside, 0 for none, so that the lock of a thread that died can be taken over.

import type { SharedInt32 } from "./shared-arena.ts";

/** Attempts before the thread sleeps: the one inside was interrupted by the kernel. */
const SPINS = 200;
const SLEEP_MS = 1;

/** Waits for the lock. `owner`: a positive number that no other living thread has. */
export function lock(cells: SharedInt32, at: number, owner: number): void {
  for (let spins = 0; ; spins++) {
    const inside = Atomics.compareExchange(cells, at, 0, owner);
    if (inside === 0) return;
    if (spins >= SPINS) Atomics.wait(cells, at, inside, SLEEP_MS);
  }
}

export function unlock(cells: SharedInt32, at: number): void {
  Atomics.store(cells, at, 0);
}

/** Takes over the lock of a thread that is no more; false when it was not inside. */
export function takeOver(cells: SharedInt32, at: number, dead: number, owner: number): boolean {
  return Atomics.compareExchange(cells, at, dead, owner) === dead;
}
