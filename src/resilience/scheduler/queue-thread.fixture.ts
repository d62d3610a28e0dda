// A thread of the queue's tests: enters and leaves one queue until it is told to end, and has left it by then.

import { isMainThread, parentPort, workerData } from "node:worker_threads";
import type { QueueMemory } from "./queue-memory.ts";
import { PASSED, SharedQueues, Wait } from "./shared-queues.ts";

export interface QueueThread {
  readonly memory: QueueMemory;
  readonly cells: Int32Array;
  readonly column: number;
  readonly key: string;
}

/** Cells: not 0 when more than two were inside; requests that left; not 0 from the end on. */
export const TOO_MANY = 0;
export const LEFT = 1;
export const ENDED = 2;
export const CELLS = 3;

async function run({ memory, cells, column, key }: QueueThread): Promise<void> {
  const queues = new SharedQueues(memory, column);
  const slot = queues.table.slot(key);
  const inside: number[] = [];
  let waiting = 0;
  // A wait for shared memory alone does not keep a thread alive.
  const alive = setInterval(() => {}, 1000);
  for (;;) {
    const hasEnded = Atomics.load(cells, ENDED) === 1;
    if (hasEnded && inside.length + waiting === 0) break;
    const seen = queues.bell;
    queues.readLetters((_waiter, _slot, wait, epoch) => {
      waiting--;
      if (wait === Wait.passed) inside.push(epoch);
    });
    if (queues.inside(slot) > 2) Atomics.store(cells, TOO_MANY, 1);
    if (inside.length > 0) {
      queues.release(slot, inside.pop()!);
      Atomics.add(cells, LEFT, 1);
    } else if (waiting < 5 && !hasEnded) {
      const result = queues.enter(slot);
      if (result === PASSED) inside.push(queues.epoch);
      else if (result > 0) waiting++;
    } else {
      await queues.nextBell(seen);
    }
  }
  clearInterval(alive);
  parentPort!.postMessage("done");
}

if (!isMainThread) await run(workerData as QueueThread);
