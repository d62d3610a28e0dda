import assert from "node:assert/strict";
import { test } from "node:test";
import { LruMap } from "./lru.ts";

test("drops what was not used for the longest time", () => {
  const map = new LruMap<string, number>(2);
  map.set("a", 1);
  map.set("b", 2);
  assert.equal(map.get("a"), 1);
  map.set("c", 3);
  assert.equal(map.get("b"), undefined);
  assert.equal(map.get("a"), 1);
  map.set("a", 4);
  assert.equal(map.size, 2);
  assert.equal(map.get("a"), 4);
  assert.ok(map.delete("a"));
  assert.equal(map.get("a"), undefined);
});
