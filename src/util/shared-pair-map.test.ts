import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { PairMapWriter, pairGet } from "./shared-pair-map.ts";

test("it holds what was set, through growth, like a Map of pairs", () => {
  const operation = fc.tuple(fc.integer({ min: -3, max: 40 }), fc.integer({ min: 0, max: 40 }), fc.integer({ min: 1 }));
  fc.assert(
    fc.property(fc.array(operation, { maxLength: 300 }), (operations) => {
      const map = new PairMapWriter(2);
      const plain = new Map<string, number>();
      for (const [first, second, value] of operations) {
        map.set(first, second, value);
        plain.set(`${first},${second}`, value);
      }
      assert.equal(map.size, plain.size);
      for (let first = -4; first < 42; first++) {
        for (let second = -1; second < 42; second++) {
          assert.equal(map.get(first, second), plain.get(`${first},${second}`) ?? 0);
        }
      }
    }),
    { numRuns: 50 },
  );
});

test("after a fork the former slots stay as they are", () => {
  const map = new PairMapWriter(4);
  map.set(1, 2, 3);
  const before = map.slots;
  map.fork();
  map.set(1, 2, 4);
  map.set(5, 6, 7);
  assert.deepEqual([pairGet(before, 1, 2), pairGet(before, 5, 6)], [3, 0]);
  assert.deepEqual([map.get(1, 2), map.get(5, 6)], [4, 7]);
});

test("room that was made in advance is used without another array", () => {
  const map = new PairMapWriter(1);
  map.reserve(1000);
  const slots = map.slots;
  for (let i = 1; i <= 1000; i++) map.set(i, i, i);
  assert.equal(map.slots, slots);
});
