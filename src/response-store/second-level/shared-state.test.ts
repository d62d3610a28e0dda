import assert from "node:assert/strict";
import { test } from "node:test";
import { sharedInt32 } from "../../util/shared-arena.ts";
import { ResponseStoreOwner } from "../response-store-owner.ts";
import { BREAKER_CELLS, SharedBreaker, SharedRoom } from "./shared-state.ts";

test("the workers share the room for what is on its way; a dead one has nothing of it", () => {
  const owner = new ResponseStoreOwner(2, 1000);
  const rooms = [1, 2].map((number) => {
    const { memory, worker } = owner.addWorker(number);
    return new SharedRoom(memory.pending, worker);
  });
  assert.ok(rooms[0]!.take(60, 100));
  assert.ok(!rooms[1]!.take(50, 100));
  assert.ok(rooms[1]!.take(40, 100), "nothing was taken in vain");
  rooms[1]!.giveBack(40);
  owner.retire(1);
  assert.ok(rooms[1]!.take(100, 100));
});

/** The breakers of two workers for one server. */
function breakers(): [SharedBreaker, SharedBreaker] {
  const cells = sharedInt32(2 * BREAKER_CELLS);
  return [new SharedBreaker(cells, 1), new SharedBreaker(cells, 1)];
}

test("failures in a row open the breaker for all workers, once", () => {
  const [mine, other] = breakers();
  const opened = [mine, other, mine, other, mine, other].map((breaker) => breaker.failed(false, 1000));
  assert.deepEqual(opened, [false, false, false, false, true, false]);
  assert.ok(mine.isOpen && other.isOpen);
});

test("an answer in between lets them begin anew; a server that is down is left alone at once", () => {
  const [mine, other] = breakers();
  for (let i = 0; i < 4; i++) mine.failed(false, 1000);
  other.worked();
  mine.failed(false, 1000);
  assert.ok(!mine.isOpen);
  assert.ok(mine.failed(true, 1000));
  assert.ok(other.isOpen);
});

test("one of them tries in each pause, until the server answers", () => {
  const [mine, other] = breakers();
  // Where the lower 32 bits of the time run over.
  const start = 2 ** 31 - 500 + 2 ** 40;
  mine.failed(true, start);
  assert.ok(!mine.mayTry(start + 999));
  assert.ok(mine.mayTry(start + 1000));
  assert.ok(!other.mayTry(start + 1000));
  assert.ok(other.mayTry(start + 2000));
  assert.ok(other.close(start + 2001));
  assert.ok(!mine.close(start + 2002));
  assert.ok(!mine.isOpen);
});

test("a server that fails again and again is tried less often, until it has answered for a while", () => {
  const [breaker] = breakers();
  let now = 1000;
  const pauses: number[] = [];
  for (const steadyMs of [9000, 9000, 9000, 9000, 9000, 9000, 11_000, 0]) {
    breaker.failed(true, now);
    const begun = now;
    while (!breaker.mayTry(now)) now += 500;
    pauses.push(now - begun);
    breaker.close(now);
    now += steadyMs;
  }
  assert.deepEqual(pauses, [1000, 2000, 4000, 8000, 16_000, 30_000, 30_000, 1000]);
});
