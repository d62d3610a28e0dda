// What a queue holds, what it lets go of, and what its two ends are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { ByteBudget, ByteQueue, QueueGivenUp } from "./byte-queue.ts";

const piece = (length: number): Uint8Array => new Uint8Array(length);

async function lengths(queue: ByteQueue): Promise<number[]> {
  const found: number[] = [];
  for await (const one of queue) found.push(one.byteLength);
  return found;
}

test("pieces come out in order, whoever is first", async () => {
  const queue = new ByteQueue(10_000, new ByteBudget(10_000));
  assert.ok(queue.push(piece(1)));
  assert.ok(queue.push(piece(2)));
  const taken = lengths(queue);
  await new Promise((resolve) => setImmediate(resolve));
  assert.ok(queue.push(piece(3)));
  assert.ok(queue.push(piece(4)));
  queue.end();
  assert.deepEqual(await taken, [1, 2, 3, 4]);
});

test("a queue that holds too much is given up as a whole", async () => {
  const budget = new ByteBudget(10_000);
  const queue = new ByteQueue(1000, budget);
  assert.ok(queue.push(piece(500)));
  assert.ok(!queue.push(piece(500)));
  assert.ok(!queue.push(piece(1)));
  assert.equal(budget.used, 0);
  await assert.rejects(lengths(queue), QueueGivenUp);
});

test("many small pieces count for more than their bytes", () => {
  const queue = new ByteQueue(10_000, new ByteBudget(10_000));
  let count = 0;
  while (queue.push(piece(1))) count++;
  assert.ok(count > 10 && count < 100, String(count));
});

test("queues share their budget, and what is taken or let go comes back to it", async () => {
  const budget = new ByteBudget(1000);
  const [a, b, c] = [new ByteQueue(1000, budget), new ByteQueue(1000, budget), new ByteQueue(1000, budget)];
  assert.ok(a.push(piece(600)));
  assert.ok(!b.push(piece(600)));
  assert.equal((await a.next()).value.byteLength, 600);
  assert.equal(budget.used, 0);
  assert.ok(c.push(piece(600)));
  await c.return();
  assert.equal(budget.used, 0);
});

test("a taker that waits is told of the end and of the loss", async () => {
  const budget = new ByteBudget(1000);
  const ended = new ByteQueue(1000, budget);
  const end = ended.next();
  ended.end();
  assert.deepEqual(await end, { done: true, value: undefined });
  const lost = new ByteQueue(1000, budget);
  const loss = lost.next();
  lost.giveUp("broken off");
  await assert.rejects(loss, /broken off/);
});

test("after its last piece was taken a queue that ended is not given up", async () => {
  const queue = new ByteQueue(1000, new ByteBudget(1000));
  queue.push(piece(1));
  queue.end();
  await queue.next();
  queue.giveUp("too late");
  assert.equal((await queue.next()).done, true);
});

test("what is brought after the taker left is refused", async () => {
  const budget = new ByteBudget(1000);
  const queue = new ByteQueue(1000, budget);
  await queue.return();
  assert.ok(!queue.push(piece(1)));
  assert.equal(budget.used, 0);
});
