// The route queues of the process in shared memory: made by the main thread (queue-registry.ts), changed by all threads through
// shared-queues.ts. Lengths never change. All links are numbers of waiters, from 1 on; 0 is none.
//
//   queues    for each slot: | lock | open | fifo | concurrency | waiting at most | timeout, ms | epoch | inside | waiting |
//                            | oldest | newest | inside by column 0 .. n |
//   waiters   for each:      | slot of its queue | state | older | newer | epoch | next letter |
//             each column, a worker, has a range of its own, and it alone takes and gives back waiters of it
//   letters   for each column: | first waiter whose wait is over | bell |
//
// The epoch is that of the settings: who is inside since an earlier one does not count any more (fifo). A letter is put into the list
// of the waiter's column by whoever ended the wait; the bell then wakes that worker.

import { type SharedInt32, sharedInt32 } from "../../util/shared-arena.ts";
import { type SharedTableMemory, sharedTableMemory } from "../../util/shared-table.ts";

export const LOCK = 0;
export const OPEN = 1;
export const FIFO = 2;
export const CONCURRENCY = 3;
export const WAITING_LIMIT = 4;
export const TIMEOUT_MS = 5;
export const EPOCH = 6;
export const INSIDE = 7;
export const WAITING = 8;
export const OLDEST = 9;
export const NEWEST = 10;
export const COLUMNS = 11;

export const WAITER_CELLS = 6;
export const QUEUE = 0;
export const STATE = 1;
export const OLDER = 2;
export const NEWER = 3;
export const PASSED_EPOCH = 4;
export const NEXT_LETTER = 5;

export const LETTER_CELLS = 2;
export const FIRST_LETTER = 0;
export const BELL = 1;

/** Queues of a process, about: a default filter gives every route one. Memory is taken by those that there are. */
const QUEUES = 524_288;
/** Requests that may wait in one worker, over all queues. */
export const WAITERS = 65_536;

/** Can be posted to workers. */
export interface QueueMemory {
  readonly table: SharedTableMemory;
  readonly waiters: SharedInt32;
  readonly letters: SharedInt32;
  readonly columns: number;
}

/** Memory for a process with this many workers. `seed`: any secret integer. */
export function queueMemory(workers: number, seed: number, queues: number = QUEUES): QueueMemory {
  return {
    table: sharedTableMemory(queues, COLUMNS + workers, 0, seed),
    waiters: sharedInt32((workers * WAITERS + 1) * WAITER_CELLS),
    letters: sharedInt32(workers * LETTER_CELLS),
    columns: workers,
  };
}

/** The column that a waiter belongs to. */
export function columnOf(waiter: number): number {
  return Math.floor((waiter - 1) / WAITERS);
}
