import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { said } from "../../test/support/threads.ts";
import { SharedTable, type SharedTableMemory, sharedTableMemory } from "./shared-table.ts";

if (isMainThread) {
  test("a key has one slot for all who ask, and cells of its own", () => {
    const memory = sharedTableMemory(1000, 2, 1, 7);
    const one = new SharedTable(memory);
    const other = new SharedTable(memory);
    const slots = new Set<number>();
    for (let i = 0; i < 1000; i++) {
      const slot = one.slot(`http://10.0.${i >> 8}.${i & 255}:80`);
      assert.ok(slot >= 0);
      slots.add(slot);
      one.cells[slot * one.cellsPerSlot + 1] = i;
      one.doubles[slot] = i / 2;
    }
    assert.equal(slots.size, 1000);
    for (let i = 0; i < 1000; i++) {
      const slot = other.slot(`http://10.0.${i >> 8}.${i & 255}:80`);
      assert.equal(other.cells[slot * 2 + 1], i);
      assert.equal(other.doubles[slot], i / 2);
    }
    assert.equal(one.size, 1000);
  });

  test("it is bounded: without room a key gets -1, and known keys stay", () => {
    const table = new SharedTable(sharedTableMemory(16, 1, 0, 1));
    let refused = 0;
    for (let i = 0; i < 100; i++) if (table.slot(`k${i}`) < 0) refused++;
    assert.equal(refused, 100 - 32);
    assert.equal(table.size, 32);
    assert.ok(table.slot("k0") >= 0);
  });

  test("the owner frees slots that nobody holds and that it gives up, with zero cells", () => {
    const table = new SharedTable(sharedTableMemory(16, 1, 1, 3));
    const held = table.slot("held");
    const let1 = table.slot("idle");
    const busy = table.slot("busy");
    table.cells[let1] = 5;
    table.doubles[let1] = 1.5;
    table.cells[busy] = 9;
    table.release(let1);
    table.release(busy);
    assert.equal(
      table.reclaim((slot) => table.cells[slot] !== 9),
      1,
    );
    assert.equal(table.size, 2);
    assert.equal(table.cells[let1], 0);
    assert.equal(table.doubles[let1], 0);
    assert.equal(table.slot("held"), held);
    assert.equal(table.cells[table.slot("busy")], 9);
    table.release(held);
    assert.equal(
      table.reclaim((slot) => slot === held),
      0,
      "held once more",
    );
    table.release(held);
    assert.equal(
      table.reclaim((slot) => slot === held),
      1,
    );
  });

  test("threads that add the same keys while the owner frees slots lose no count", async () => {
    const memory = sharedTableMemory(64, 1, 0, 5);
    const table = new SharedTable(memory);
    const totals = new Int32Array(new SharedArrayBuffer(64 * 4));
    const workers = [1, 2].map(
      (seed) => new Worker(new URL(import.meta.url), { workerData: { memory, totals, seed } }),
    );
    let running = true;
    const done = Promise.all(workers.map(said)).finally(() => {
      running = false;
    });
    // It is waited for below.
    done.catch(() => {});
    // What a freed slot counted is added up by the owner, as an owner would do that reports counts.
    let collected = 0;
    while (running) {
      table.reclaim((slot) => {
        collected += table.cells[slot]!;
        return true;
      });
      await new Promise((resolve) => setImmediate(resolve));
    }
    await done;
    await Promise.all(workers.map((worker) => worker.terminate()));
    table.reclaim((slot) => {
      collected += table.cells[slot]!;
      return true;
    });
    assert.equal(table.size, 0);
    const wanted = totals.reduce((sum, count) => sum + count, 0);
    assert.equal(collected, wanted);
    assert.ok(wanted > 10_000);
  });
} else {
  const { memory, totals, seed } = workerData as { memory: SharedTableMemory; totals: Int32Array; seed: number };
  const table = new SharedTable(memory);
  let state = seed;
  for (let i = 0; i < 100_000; i++) {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    const key = state >>> 26;
    const slot = table.slot(`key ${key}`);
    if (slot < 0) continue;
    Atomics.add(table.cells, slot, 1);
    Atomics.add(totals, key, 1);
    table.release(slot);
  }
  parentPort!.postMessage("done");
}
