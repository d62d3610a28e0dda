// The order rules of route queues: tables, and random steps of several workers beside the plain twin. Then real threads, of which one
// dies while it holds and waits.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { said } from "../../../test/support/threads.ts";
import type { QueueOutcome } from "../../spec/route-queue.ts";
import { LOCK, queueMemory, WAITERS } from "./queue-memory.ts";
import type { QueueSettings } from "./queue-settings.ts";
import { CELLS, ENDED, LEFT, type QueueThread, TOO_MANY } from "./queue-thread.fixture.ts";
import { ReferenceQueue } from "./route-queue.reference.ts";
import { CLOSED, FULL, PASSED, SharedQueues, Wait } from "./shared-queues.ts";

const WORKERS = 3;
const KEY = "the queue";
const outcomes: Readonly<Record<number, QueueOutcome>> = {
  [Wait.passed]: "passed",
  [Wait.full]: "full",
  [Wait.closed]: "closed",
};

/** One queue and its workers; requests are numbered, and belong to worker `request % WORKERS`. */
class Workers {
  readonly memory = queueMemory(WORKERS, 7, 16);
  readonly main = new SharedQueues(this.memory, WORKERS);
  readonly slot = this.main.table.slot(KEY);
  readonly outcomes: [number, QueueOutcome][] = [];
  readonly #fifo: boolean;
  #each = [0, 1, 2].map((column) => new SharedQueues(this.memory, column));
  readonly #waiting = new Map<number, number>();
  readonly #inside = new Map<number, number>();
  #epoch = 0;

  constructor(fifo: boolean, settings: QueueSettings) {
    this.#fifo = fifo;
    this.configure(settings);
  }

  #of(request: number): SharedQueues {
    return this.#each[request % WORKERS]!;
  }

  enter(request: number): void {
    const queues = this.#of(request);
    const result = queues.enter(this.slot);
    if (result === PASSED) this.#inside.set(request, queues.epoch);
    if (result > 0) this.#waiting.set(request, result);
    this.#read();
    if (result <= 0) this.outcomes.push([request, result === PASSED ? "passed" : result === FULL ? "full" : "closed"]);
  }

  remove(request: number): void {
    const epoch = this.#inside.get(request);
    const waiter = this.#waiting.get(request);
    if (epoch !== undefined) this.#of(request).release(this.slot, epoch);
    if (waiter !== undefined) assert.ok(this.#of(request).leave(this.slot, waiter));
    this.#inside.delete(request);
    this.#waiting.delete(request);
    this.#read();
  }

  configure(settings: QueueSettings): void {
    this.main.configure(this.slot, this.#fifo, settings, ++this.#epoch);
    this.#read();
  }

  close(): void {
    this.main.close(this.slot);
    this.#read();
  }

  /** The worker dies; with `inTheLock` in the middle of a step. */
  die(column: number, inTheLock: boolean): void {
    const lock = this.slot * this.main.table.cellsPerSlot + LOCK;
    if (inTheLock) Atomics.store(this.main.table.cells, lock, column + 1);
    this.main.retire(column);
    this.#each[column] = new SharedQueues(this.memory, column);
    for (const map of [this.#inside, this.#waiting])
      for (const request of map.keys()) if (request % WORKERS === column) map.delete(request);
    this.#read();
  }

  #read(): void {
    const found: [number, QueueOutcome][] = [];
    for (const [column, queues] of this.#each.entries()) {
      queues.readLetters((waiter, slot, wait, epoch) => {
        assert.equal(slot, this.slot);
        const [request] = [...this.#waiting].find(([key, value]) => value === waiter && key % WORKERS === column)!;
        this.#waiting.delete(request);
        if (wait === Wait.passed) this.#inside.set(request, epoch);
        found.push([request, outcomes[wait]!]);
      });
    }
    // Letters of one step have no order among workers.
    this.outcomes.push(...found.sort(([a], [b]) => a - b));
  }

  get counts(): [number, number] {
    return [this.main.inside(this.slot), this.main.waiting(this.slot)];
  }
}

const small = (concurrency: number, waiting: number): QueueSettings => ({ concurrency, waiting, timeoutMs: 1000 });

for (const { title, fifo, settings, steps, expected } of [
  {
    title: "a stack: the newest is next, and the oldest makes place",
    fifo: false,
    settings: small(1, 2),
    steps: ["enter 1", "enter 2", "enter 3", "enter 4", "remove 1", "remove 4"],
    expected: ["1 passed", "2 full", "4 passed", "3 passed"],
  },
  {
    title: "a queue: the oldest is next, and a new one is turned away",
    fifo: true,
    settings: small(1, 2),
    steps: ["enter 1", "enter 2", "enter 3", "enter 4", "remove 1", "remove 2"],
    expected: ["1 passed", "4 full", "2 passed", "3 passed"],
  },
  {
    title: "a queue without length: nobody waits",
    fifo: true,
    settings: small(2, 0),
    steps: ["enter 1", "enter 2", "enter 3", "remove 1", "enter 4"],
    expected: ["1 passed", "2 passed", "3 full", "4 passed"],
  },
  {
    title: "a stack without limit turns nobody away",
    fifo: false,
    settings: small(1, Number.POSITIVE_INFINITY),
    steps: ["enter 1", "enter 2", "enter 3", "enter 4", "enter 5", "remove 1"],
    expected: ["1 passed", "5 passed"],
  },
  {
    title: "who gives up in the middle leaves the others in order",
    fifo: true,
    settings: small(1, 9),
    steps: ["enter 1", "enter 2", "enter 3", "enter 4", "remove 3", "remove 1", "remove 2"],
    expected: ["1 passed", "2 passed", "4 passed"],
  },
  {
    title: "a closed queue tells those who wait, and lets nobody in",
    fifo: false,
    settings: small(1, 9),
    steps: ["enter 1", "enter 2", "enter 3", "close", "enter 4", "remove 1"],
    expected: ["1 passed", "2 closed", "3 closed", "4 closed"],
  },
]) {
  test(title, () => {
    const workers = new Workers(fifo, settings);
    for (const step of steps) {
      const [name, request] = step.split(" ");
      if (name === "enter") workers.enter(Number(request));
      else if (name === "remove") workers.remove(Number(request));
      else workers.close();
    }
    assert.deepEqual(
      workers.outcomes.map((outcome) => outcome.join(" ")),
      expected,
    );
  });
}

test("a larger limit lets those in who wait; new settings of a queue forget who is inside, of a stack do not", () => {
  for (const fifo of [true, false]) {
    const workers = new Workers(fifo, small(1, 9));
    for (const request of [1, 2, 3, 4]) workers.enter(request);
    workers.configure(small(2, 9));
    assert.deepEqual(workers.counts, fifo ? [2, 1] : [2, 2]);
    // Of the stack 1 was still counted, so that the next one passes now; of the queue it was not.
    workers.remove(1);
    assert.deepEqual(workers.counts, [2, 1]);
    workers.configure(small(2, 9));
    assert.deepEqual(workers.counts, [2, 1], "the same settings change nothing");
  }
});

test("a worker has room for so many waiters, then its requests are turned away", () => {
  const memory = queueMemory(1, 7, 16);
  const main = new SharedQueues(memory, 1);
  const slot = main.table.slot(KEY);
  main.configure(slot, true, small(1, Number.POSITIVE_INFINITY), 1);
  const worker = new SharedQueues(memory, 0);
  assert.equal(worker.enter(slot), PASSED);
  const last = Array.from({ length: WAITERS }, () => worker.enter(slot)).at(-1)!;
  assert.ok(last > 0);
  assert.equal(worker.enter(slot), FULL);
  assert.ok(worker.leave(slot, last));
  assert.equal(worker.enter(slot), last);
  assert.equal(main.waiting(slot), WAITERS);
});

test("a queue that nobody opened is closed", () => {
  const memory = queueMemory(1, 7, 16);
  const worker = new SharedQueues(memory, 0);
  assert.equal(worker.enter(worker.table.slot(KEY)), CLOSED);
});

const step = fc.oneof(
  { weight: 8, arbitrary: fc.record({ name: fc.constant("enter" as const) }) },
  { weight: 8, arbitrary: fc.record({ name: fc.constant("remove" as const), pick: fc.nat() }) },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constant("configure" as const),
      concurrency: fc.integer({ min: 1, max: 4 }),
      waiting: fc.integer({ min: 1, max: 5 }),
    }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      name: fc.constant("die" as const),
      column: fc.nat({ max: WORKERS - 1 }),
      inTheLock: fc.boolean(),
    }),
  },
);

test("random steps of several workers end as in the plain twin", () => {
  fc.assert(
    fc.property(fc.boolean(), fc.array(step, { maxLength: 60 }), (fifo, steps) => {
      const workers = new Workers(fifo, small(2, 3));
      const twin = new ReferenceQueue(fifo, small(2, 3));
      // Who has not left: in the twin also those whom new settings forgot.
      const present: number[] = [];
      let next = 0;
      const both = (run: (queue: Workers | ReferenceQueue) => void) => {
        run(workers);
        const before = twin.outcomes.length;
        run(twin);
        if (twin.outcomes.length - before > 1) {
          const own = twin.outcomes.splice(before).sort(([a], [b]) => a - b);
          twin.outcomes.push(...own);
        }
      };
      for (const each of steps) {
        if (each.name === "enter") {
          present.push(next);
          both((queue) => queue.enter(next));
          next++;
        } else if (each.name === "remove") {
          if (present.length === 0) continue;
          const [request] = present.splice(each.pick % present.length, 1);
          both((queue) => queue.remove(request!));
        } else if (each.name === "configure") {
          both((queue) => queue.configure(small(each.concurrency, each.waiting)));
        } else {
          workers.die(each.column, each.inTheLock);
          removeAll(
            twin,
            present.filter((request) => request % WORKERS === each.column),
          );
          for (let i = present.length - 1; i >= 0; i--) if (present[i]! % WORKERS === each.column) present.splice(i, 1);
        }
        assert.deepEqual(workers.outcomes.slice().sort(), twin.outcomes.slice().sort());
        assert.deepEqual(workers.counts, [twin.inside, twin.waiting.length]);
      }
    }),
    { numRuns: 300 },
  );
});

/** Those who wait first, so that no place falls to one of them. */
function removeAll(twin: ReferenceQueue, requests: readonly number[]): void {
  const waiting = requests.filter((request) => twin.waiting.includes(request));
  for (const request of waiting) twin.remove(request);
  for (const request of requests) if (!waiting.includes(request)) twin.remove(request);
}

test("threads: never more inside than may be, nobody forgotten, and a thread that dies frees what it held", async () => {
  const memory = queueMemory(WORKERS, 7, 16);
  const main = new SharedQueues(memory, WORKERS);
  const slot = main.table.slot(KEY);
  main.configure(slot, true, small(2, 100), 1);
  const cells = new Int32Array(new SharedArrayBuffer(CELLS * 4));
  const entry = new URL("./queue-thread.fixture.ts", import.meta.url);
  const threads = [0, 1, 2].map((column) => {
    const workerData: QueueThread = { memory, cells, column, key: KEY };
    return new Worker(entry, { workerData });
  });
  const lasting = Promise.all(threads.slice(0, 2).map(said));
  // The third one is ended in the middle of it, wherever it is.
  const halfway = async () => {
    while (Atomics.load(cells, LEFT) < 2000) await new Promise((resolve) => setImmediate(resolve));
  };
  await Promise.race([halfway(), lasting]);
  await threads[2]!.terminate();
  main.retire(2);
  Atomics.store(cells, ENDED, 1);
  await lasting;
  assert.deepEqual([main.inside(slot), main.waiting(slot)], [0, 0]);
  assert.equal(Atomics.load(cells, TOO_MANY), 0, "never more than two inside");
  await Promise.all(threads.map((thread) => thread.terminate()));
});
