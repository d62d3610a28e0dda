// The shared store and its plain twin do the same with the same calls: what they hold, what they evict, what readers see.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { EntryWriter, StoreKey } from "../spec/response-store.ts";
import { ReferenceResponseStore } from "./response-store.reference.ts";
import { ResponseStoreOwner } from "./response-store-owner.ts";
import { SharedResponseStore } from "./shared-response-store.ts";

const ENTRY_LIMIT = 200 * 1024;
const STEPS = 3000;

/** Numbers in [0, n) that a seed decides (mulberry32). */
function dice(seed: number): (n: number) => number {
  let state = seed;
  return (n) => {
    state = (state + 0x6d2b79f5) | 0;
    let t = Math.imul(state ^ (state >>> 15), 1 | state);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) % n;
  };
}

/** Twenty keys in two shards, some of them in one bucket. */
function keyOf(n: number): StoreKey {
  return Int32Array.of(n & 1, n % 3, n, n, n, n, n, n);
}

interface Pair<T> {
  readonly mine: T;
  readonly twin: T;
}

async function run(seed: number): Promise<void> {
  const roll = dice(seed);
  const owner = new ResponseStoreOwner(1, ENTRY_LIMIT * 256);
  const { memory, worker } = owner.addWorker(1);
  let evictions = 0;
  const mine = new SharedResponseStore(memory, { worker, count: (_name, by) => void (evictions += by), now: Date.now });
  const twin = new ReferenceResponseStore(ENTRY_LIMIT * 256);
  const writers: Pair<EntryWriter>[] = [];
  const readers: Pair<AsyncIterator<Uint8Array>>[] = [];
  const bytes = (limit: number) => Buffer.alloc(roll(limit), roll(256));
  const drop = <T>(list: T[]): T | undefined => list.splice(roll(Math.max(list.length, 1)), 1)[0];
  const write = (writer: Pair<EntryWriter>, chunk: Buffer) =>
    assert.equal(writer.mine.append(chunk), writer.twin.append(chunk), "append");
  const commit = (writer: Pair<EntryWriter>) => {
    const head = "h".repeat(roll(5) === 0 ? roll(4000) : roll(300));
    assert.equal(writer.mine.commit(head), writer.twin.commit(head), "commit");
    assert.equal(writer.mine.isTooLarge, writer.twin.isTooLarge);
  };
  const begin = () => {
    const key = keyOf(roll(20));
    return { mine: mine.write(key), twin: twin.write(key) };
  };
  const look = (key: StoreKey) => {
    const [a, b] = [mine.find(key), twin.find(key)];
    assert.deepEqual(a && { head: a.head, bodyBytes: a.bodyBytes }, b && { head: b.head, bodyBytes: b.bodyBytes });
    return a === null || b === null ? null : { mine: a.stamp, twin: b.stamp };
  };
  const steps: readonly (() => void)[] = [
    () => {
      const writer = begin();
      for (let i = roll(4); i > 0; i--) write(writer, bytes(9000));
      commit(writer);
    },
    () => {
      const writer = begin();
      for (let i = roll(8); i > 0; i--) write(writer, bytes(60_000));
      commit(writer);
    },
    () => void writers.push(begin()),
    () => {
      const writer = writers[roll(Math.max(writers.length, 1))];
      if (writer !== undefined) write(writer, bytes(20_000));
    },
    () => {
      const writer = drop(writers);
      if (writer !== undefined && roll(2) === 0) commit(writer);
      else if (writer !== undefined) {
        writer.mine.abort();
        writer.twin.abort();
      }
    },
    () => void look(keyOf(roll(20))),
    () => {
      const key = keyOf(roll(20));
      const stamps = look(key);
      if (stamps === null) return;
      const [a, b] = [mine.body(key, stamps.mine), twin.body(key, stamps.twin)];
      assert.ok(a !== null && b !== null);
      if (a instanceof Uint8Array || b instanceof Uint8Array) assert.deepEqual(a, b);
      else readers.push({ mine: a[Symbol.asyncIterator](), twin: b[Symbol.asyncIterator]() });
    },
    () => {
      const key = keyOf(roll(20));
      const stamps = look(key);
      const head = "r".repeat(roll(5000));
      if (stamps === null) return;
      assert.equal(mine.replaceHead(key, stamps.mine, head), twin.replaceHead(key, stamps.twin, head), "replaceHead");
    },
    () => {
      const key = keyOf(roll(20));
      if (roll(4) > 0) return;
      mine.remove(key);
      twin.remove(key);
    },
  ];
  const check = () => {
    assert.equal(owner.storedBytes, twin.storedBytes, "bytes");
    assert.equal(evictions, twin.counts.lru_eviction ?? 0, "evictions");
    for (let n = 0; n < 20; n++) assert.equal(mine.has(keyOf(n)), twin.has(keyOf(n)));
  };
  for (let i = 0; i < STEPS; i++) {
    if (roll(3) > 0) steps[roll(steps.length)]!();
    else {
      const reader = readers[roll(Math.max(readers.length, 1))];
      if (reader !== undefined) assert.deepEqual(await reader.mine.next(), await reader.twin.next(), "a piece");
      const left = roll(6) === 0 || readers.length > 6 ? drop(readers) : undefined;
      await left?.mine.return?.();
      await left?.twin.return?.();
    }
    check();
  }
  // Whatever was held is free again: the largest entry finds room.
  for (const { mine: reader } of readers) await reader.return?.();
  for (const writer of writers) writer.mine.abort();
  for (const shard of [0, 1]) {
    const last = mine.write(keyOf(shard));
    assert.ok(last.append(Buffer.alloc(ENTRY_LIMIT - 1)), "all blocks can be had");
    assert.ok(last.commit("h"));
  }
}

describe("the shared store and its twin", () => {
  for (const seed of [1, 2, 3, 4]) test(`do the same, seed ${seed}`, () => run(seed));
});
