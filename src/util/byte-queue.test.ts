// What a queue holds, what it lets go of, and what its two ends are told.

import assert from "node:assert/strict";
import { test } from "node:test";
import { BlockPool, ByteQueue, QueueGivenUp } from "./byte-queue.ts";

const KIB = 1024;
const MIB = 1024 * KIB;

async function text(queue: ByteQueue): Promise<string> {
  let all = "";
  for await (const one of queue) {
    all += Buffer.from(one).toString("latin1");
    // The taker is slower than whoever fills.
    await new Promise((resolve) => setImmediate(resolve));
  }
  return all;
}

test("bytes come out in order, whoever is first and however they are cut", async () => {
  const pool = new BlockPool(MIB, MIB);
  // Twice: the second time with blocks that were used before.
  for (let round = 0; round < 2; round++) {
    const queue = new ByteQueue(MIB, pool);
    let expected = "";
    const taken = text(queue);
    for (let i = 0; i < 300; i++) {
      const piece = Buffer.alloc((i * 37) % 5000, `${round}${i}`);
      assert.ok(queue.push(piece));
      expected += piece.toString("latin1");
      if (i % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
      // What was brought may change now.
      piece.fill("-");
    }
    queue.end();
    assert.equal(await taken, expected);
    assert.equal(pool.usedBytes, 0);
  }
});

test("one piece may be longer than a block", async () => {
  const queue = new ByteQueue(MIB, new BlockPool(MIB, 0));
  assert.ok(queue.push(Buffer.alloc(200 * KIB, "abc")));
  queue.end();
  assert.equal(await text(queue), Buffer.alloc(200 * KIB, "abc").toString());
});

test("a queue that holds too much is given up as a whole", async () => {
  const pool = new BlockPool(MIB, MIB);
  const queue = new ByteQueue(128 * KIB, pool);
  assert.ok(queue.push(Buffer.alloc(128 * KIB)));
  assert.ok(!queue.push(Buffer.alloc(1)));
  assert.ok(!queue.push(Buffer.alloc(1)));
  assert.ok(queue.isGivenUp);
  assert.equal(pool.usedBytes, 0);
  await assert.rejects(text(queue), QueueGivenUp);
});

test("many small pieces take no more room than one large", () => {
  const pool = new BlockPool(MIB, 0);
  const queue = new ByteQueue(MIB, pool);
  for (let i = 0; i < 10_000; i++) assert.ok(queue.push(Buffer.of(1)));
  assert.equal(pool.usedBytes, 32 * KIB);
});

test("queues share their blocks, and what is taken or let go comes back", async () => {
  const pool = new BlockPool(64 * KIB, 64 * KIB);
  const queues = Array.from({ length: 4 }, () => new ByteQueue(MIB, pool));
  assert.ok(queues[0]!.push(Buffer.alloc(40 * KIB)));
  assert.ok(!queues[1]!.push(Buffer.alloc(1)));
  assert.ok(queues[1]!.isGivenUp);
  await queues[0]!.return();
  assert.equal(pool.usedBytes, 0);
  assert.ok(queues[2]!.push(Buffer.alloc(40 * KIB)));
  queues[2]!.end();
  await text(queues[2]!);
  assert.equal(pool.usedBytes, 0);
});

test("what the taker was lent stays when the queue is given up", async () => {
  const pool = new BlockPool(MIB, MIB);
  const queue = new ByteQueue(64 * KIB, pool);
  queue.push(Buffer.from("lent"));
  const { value } = await queue.next();
  queue.giveUp("broken off");
  const other = new ByteQueue(MIB, pool);
  other.push(Buffer.alloc(64 * KIB, "x"));
  assert.equal(Buffer.from(value).toString(), "lent");
});

test("a taker that waits is told of the end and of the loss", async () => {
  const pool = new BlockPool(MIB, 0);
  const ended = new ByteQueue(MIB, pool);
  const end = ended.next();
  ended.end();
  assert.deepEqual(await end, { done: true, value: undefined });
  const lost = new ByteQueue(MIB, pool);
  const loss = lost.next();
  lost.giveUp("broken off");
  await assert.rejects(loss, /broken off/);
});

test("after its last byte was taken a queue that ended is not given up", async () => {
  const queue = new ByteQueue(MIB, new BlockPool(MIB, 0));
  queue.push(Buffer.of(1));
  queue.end();
  await queue.next();
  queue.giveUp("too late");
  assert.equal((await queue.next()).done, true);
});

test("what is brought after the taker left is refused", async () => {
  const pool = new BlockPool(MIB, 0);
  const queue = new ByteQueue(MIB, pool);
  await queue.return();
  assert.ok(!queue.push(Buffer.of(1)));
  assert.ok(!queue.isGivenUp);
  assert.equal(pool.usedBytes, 0);
});
