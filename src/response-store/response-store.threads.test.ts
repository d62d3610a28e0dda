// The store in several threads: no reader ever sees half of a write, flights join threads, and a thread that dies leaves nothing
// behind, whatever it held.

import assert from "node:assert/strict";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import { said } from "../../test/support/threads.ts";
import { ResponseStoreOwner } from "./response-store-owner.ts";
import { SharedResponseStore } from "./shared-response-store.ts";
import { keyOf } from "./store-keys.fixture.ts";
import type { ThreadTask } from "./store-thread.fixture.ts";

const ENTRY_LIMIT = 200 * 1024;
const entry = new URL("./store-thread.fixture.ts", import.meta.url);

class Store {
  readonly owner = new ResponseStoreOwner(4, ENTRY_LIMIT * 256);
  readonly #threads = new Set<Worker>();
  #next = 1;

  /** A thread, and the number of its worker. */
  start(task: ThreadTask["task"], seed = 0, rounds = 0): { thread: Worker; number: number } {
    const number = this.#next++;
    const workerData: ThreadTask = { store: this.owner.addWorker(number), task, seed, rounds };
    const thread = new Worker(entry, { workerData });
    this.#threads.add(thread);
    return { thread, number };
  }

  /** The store as this thread sees it. */
  open(): SharedResponseStore {
    const { memory, worker } = this.owner.addWorker(this.#next++);
    return new SharedResponseStore(memory, { worker, count: () => {}, now: Date.now });
  }

  async close(): Promise<void> {
    for (const thread of this.#threads) await thread.terminate();
  }
}

/** The largest entry that there can be finds room: no block of the shard is lost. */
function fill(store: SharedResponseStore, n: number): boolean {
  const writer = store.write(keyOf(n));
  return writer.append(Buffer.alloc(ENTRY_LIMIT - 1)) && writer.commit("h");
}

test("threads that write, replace, remove and read the same entries see whole bodies only", async () => {
  const store = new Store();
  const threads = [1, 2, 3].map((seed) => store.start("churn", seed, 1500).thread);
  assert.deepEqual(await Promise.all(threads.map(said<string>)), ["done", "done", "done"]);
  const mine = store.open();
  assert.ok(fill(mine, 0) && fill(mine, 1), "all blocks can be had afterwards");
  await store.close();
});

test("a dead thread's pins, half-written entries and flights are let go", async () => {
  const store = new Store();
  const { thread, number } = store.start("hold");
  await said(thread);
  const mine = store.open();
  assert.equal(fill(mine, 6), false, "its blocks are in use while it lives");
  const flight = mine.join(keyOf(4), 60_000);
  assert.ok(flight !== null && !flight.leads);
  await thread.terminate();
  store.owner.retire(number);
  assert.equal(await flight.wait(), "abandoned");
  assert.ok(fill(mine, 6));
  await store.close();
});

test("a shard that a dead thread left locked is missed until it is rebuilt; what others read of it stays whole", async () => {
  const store = new Store();
  const mine = store.open();
  const writer = mine.write(keyOf(0));
  writer.append(Buffer.alloc(100_000, 7));
  writer.commit("head");
  const body = mine.body(keyOf(0), mine.find(keyOf(0))!.stamp) as AsyncIterable<Uint8Array>;
  const half = mine.write(keyOf(2));
  half.append(Buffer.alloc(5000, 9));

  const { thread, number } = store.start("lock");
  await said(thread);
  await thread.terminate();
  assert.equal(mine.find(keyOf(0)), null, "the lock does not come");
  assert.equal(mine.has(keyOf(1)), false);
  store.owner.retire(number);

  assert.equal(mine.find(keyOf(0)), null, "a rebuilt shard is empty");
  half.append(Buffer.alloc(5000, 9));
  assert.ok(half.commit("half"), "a write goes on");
  assert.equal(fill(mine, 4), false, "what is read is not reused");
  let bytes = 0;
  for await (const piece of body) {
    assert.ok(piece.every((byte) => byte === 7));
    bytes += piece.length;
  }
  assert.equal(bytes, 100_000);
  assert.ok(fill(mine, 4), "then all blocks can be had");
  await store.close();
});

test("a follower in another thread learns how the flight ended", async () => {
  const store = new Store();
  const leader = store.start("lead", 5).thread;
  assert.equal(await said(leader), "leading");
  const follower = store.start("follow", 5, 60_000).thread;
  assert.equal(await said(follower), "following");
  leader.postMessage("land");
  assert.equal(await said(follower), "stored");
  await store.close();
});

test("a line is one for all threads: so many stand in it in all, in the order in which they came", async () => {
  const store = new Store();
  const { thread } = store.start("line", 5, 200);
  assert.equal(await said(thread), "standing");
  const mine = store.open();
  const places = Array.from({ length: 257 - 200 }, () => mine.standInLine(keyOf(5)));
  assert.ok(places.every((place) => place !== null));
  assert.equal(mine.standInLine(keyOf(5)), null, "one has its turn and 256 wait");
  assert.ok(mine.standInLine(keyOf(7)) !== null, "another line");
  places[3]!.leave();
  assert.ok(mine.standInLine(keyOf(5)) === null, "room is where the line begins");
  await store.close();
});

test("when a thread dies that stands in a line, the next one has its turn", async () => {
  const store = new Store();
  const { thread, number } = store.start("line", 5, 3);
  assert.equal(await said(thread), "standing");
  const mine = store.open();
  const [first, gone, last] = Array.from({ length: 3 }, () => mine.standInLine(keyOf(5))!);
  const turns: string[] = [];
  const firstTurn = first!.turn().then(() => turns.push("first"));
  const lastTurn = last!.turn().then(() => turns.push("last"));
  gone!.leave();
  await new Promise(setImmediate);
  assert.deepEqual(turns, []);
  await thread.terminate();
  store.owner.retire(number);
  await firstTurn;
  assert.deepEqual(turns, ["first"], "one at a time");
  first!.leave();
  await lastTurn;
  last!.leave();
  const places = Array.from({ length: 257 }, () => mine.standInLine(keyOf(5)));
  assert.ok(
    places.every((place) => place !== null),
    "the line is empty afterwards",
  );
  await store.close();
});

test("nobody waits longer than it asked for, and a newcomer takes the place of a leader that is too late", async () => {
  const store = new Store();
  let now = 1_000_000;
  const { memory, worker } = store.owner.addWorker(100);
  const mine = new SharedResponseStore(memory, { worker, count: () => {}, now: () => now });
  const slow = mine.join(keyOf(5), 20);
  const follower = mine.join(keyOf(5), 20);
  assert.ok(slow?.leads === true && follower?.leads === false);
  assert.equal(await follower.wait(), "late");
  now += 21;
  const second = mine.join(keyOf(5), 20);
  assert.ok(second?.leads === true, "the place is taken over");
  const waiting = mine.join(keyOf(5), 10_000);
  assert.ok(waiting?.leads === false);
  const ended = waiting.wait();
  slow.land("stored");
  second.land("unstorable");
  assert.equal(await ended, "unstorable", "the late leader's end counts no more");
  assert.equal(mine.join(keyOf(5), 20), null, "nobody waits for answers that cannot be stored");
  now += 11_000;
  assert.equal(mine.join(keyOf(5), 20)?.leads, true);
  await store.close();
});
