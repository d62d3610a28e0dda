// The queues of two workers in one thread: promises, timers, bells, and what becomes of places that are left.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import type { QueueKind, QueuePlace } from "../../spec/route-queue.ts";
import { FIRST_LETTER, queueMemory } from "./queue-memory.ts";
import { queueKey } from "./queue-names.ts";
import { SharedQueues } from "./shared-queues.ts";
import { WorkerQueues } from "./worker-queues.ts";

class Process {
  readonly counted: string[] = [];
  readonly memory = queueMemory(2, 7, 16);
  readonly main = new SharedQueues(this.memory, 2);
  readonly workers = [0, 1].map(
    (column) => new WorkerQueues({ memory: this.memory, column }, (_kind, key) => void this.counted.push(key)),
  );

  /** Opens a queue in both workers. */
  queues(kind: QueueKind, concurrency: number, waiting: number, timeoutMs = 60_000) {
    this.configure(kind, concurrency, waiting, timeoutMs, 1);
    return this.workers.map((worker) => worker.open(kind, "r"));
  }

  configure(kind: QueueKind, concurrency: number, waiting: number, timeoutMs: number, epoch: number): void {
    const slot = this.main.table.slot(queueKey(kind, "r"));
    this.main.configure(slot, kind === "fifo", { concurrency, waiting, timeoutMs }, epoch);
  }

  counts(kind: QueueKind): [number, number] {
    const slot = this.main.table.slot(queueKey(kind, "r"));
    return [this.main.inside(slot), this.main.waiting(slot)];
  }
}

/** Notes what becomes of places, in order. */
function watch(places: Readonly<Record<string, QueuePlace>>): string[] {
  const seen: string[] = [];
  for (const [name, { outcome }] of Object.entries(places)) {
    void Promise.resolve(outcome).then((text) => seen.push(`${name} ${text}`));
  }
  return seen;
}

/** Bells ring through the event loop. */
async function settled(condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; !condition(); ) {
    assert.ok(Date.now() < limit, "it does not come");
    await new Promise((resolve) => setImmediate(resolve));
  }
}

test("a place that one worker frees goes to the next of the other", async () => {
  for (const [kind, order] of [
    ["fifo", ["b passed", "c passed", "d passed"]],
    ["lifo", ["d passed", "c passed", "b passed"]],
  ] as const) {
    const [one, other] = new Process().queues(kind, 1, 9);
    const a = one!.enter();
    const places: Record<string, QueuePlace> = { b: other!.enter(), c: one!.enter(), d: other!.enter() };
    const seen = watch(places);
    a.leave();
    for (let i = 0; i < 3; i++) {
      await settled(() => seen.length > i);
      places[seen[i]!.slice(0, 1)]!.leave();
    }
    assert.deepEqual(seen, order);
  }
});

test("when a stack is full the oldest makes place, in whichever worker it waits", async () => {
  const process = new Process();
  const [one, other] = process.queues("lifo", 1, 1);
  const first = one!.enter();
  const seen = watch({ b: one!.enter(), c: other!.enter(), d: one!.enter() });
  await settled(() => seen.length === 2);
  assert.deepEqual(seen.sort(), ["b full", "c full"]);
  first.leave();
  await settled(() => seen.length === 3);
  assert.deepEqual(process.counted, ["lifo.r.error.full", "lifo.r.error.full"]);
});

test("a request waits until the timeout, and its place is gone then", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const process = new Process();
    const [queue] = process.queues("fifo", 1, 9, 1500);
    const first = queue!.enter();
    const place = queue!.enter();
    const seen = watch({ place });
    mock.timers.tick(1499);
    await Promise.resolve();
    assert.deepEqual(seen, []);
    mock.timers.tick(1);
    await settled(() => seen.length === 1);
    assert.deepEqual(seen, ["place timeout"]);
    first.leave();
    place.leave();
    assert.deepEqual(process.counts("fifo"), [0, 0]);
    assert.deepEqual(process.counted, ["fifo.r.error.timeout"]);
  } finally {
    mock.timers.reset();
  }
});

test("a letter that got lost with its writer is not waited for much longer than the timeout", async () => {
  mock.timers.enable({ apis: ["setTimeout"] });
  try {
    const process = new Process();
    const [one, other] = process.queues("fifo", 1, 9, 1500);
    const first = other!.enter();
    const place = one!.enter();
    const seen = watch({ place });
    first.leave();
    process.memory.letters[FIRST_LETTER] = 0;
    await settled(() => process.counts("fifo")[1] === 0);
    mock.timers.tick(1500);
    mock.timers.tick(999);
    await Promise.resolve();
    assert.deepEqual(seen, []);
    mock.timers.tick(1);
    await settled(() => seen.length === 1);
    assert.deepEqual(seen, ["place passed"]);
    place.leave();
    assert.deepEqual(process.counts("fifo"), [0, 0]);
  } finally {
    mock.timers.reset();
  }
});

test("who leaves while it waits is never told: a queue forgets it, in a stack its place ages", async () => {
  for (const [kind, waiting] of [
    ["fifo", 1],
    ["lifo", 2],
  ] as const) {
    const process = new Process();
    const [one, other] = process.queues(kind, 1, 9);
    const first = one!.enter();
    const gone = other!.enter();
    const last = one!.enter();
    const seen = watch({ gone, last });
    gone.leave();
    gone.leave();
    assert.deepEqual(process.counts(kind), [1, waiting]);
    first.leave();
    await settled(() => seen.length === 1);
    last.leave();
    // The place of the one that is gone is passed on as soon as it comes up.
    await settled(() => process.counts(kind)[0] === 0);
    assert.deepEqual(seen, ["last passed"]);
    assert.deepEqual(process.counts(kind), [0, 0]);
  }
});

test("a place is left once, and not given back twice after new settings", () => {
  const process = new Process();
  const [queue] = process.queues("fifo", 1, 0);
  const before = queue!.enter();
  process.configure("fifo", 2, 0, 1000, 2);
  const places = [queue!.enter(), queue!.enter()];
  assert.deepEqual(
    places.map((place) => place.outcome),
    ["passed", "passed"],
  );
  before.leave();
  assert.deepEqual(process.counts("fifo"), [2, 0]);
  assert.equal(queue!.enter().outcome, "full");
  places[0]!.leave();
  places[0]!.leave();
  assert.deepEqual(process.counts("fifo"), [1, 0]);
});

test("all who open a queue get the same one, and its memory is held until the last has closed it", () => {
  const process = new Process();
  const [queue] = process.queues("lifo", 1, 1);
  const [worker] = process.workers;
  assert.equal(worker!.open("lifo", "r"), queue);
  assert.notEqual(worker!.open("lifoGroup", "r"), queue);
  queue!.close();
  assert.equal(worker!.open("lifo", "r"), queue);
  queue!.close();
  queue!.close();
  assert.notEqual(worker!.open("lifo", "r"), queue);
});

test("a queue that the table does not know is closed", () => {
  const process = new Process();
  assert.equal(process.workers[0]!.open("fifo", "unknown").enter().outcome, "closed");
  assert.deepEqual(process.counted, ["fifo.unknown.error.other"]);
});
