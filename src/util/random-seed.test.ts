import assert from "node:assert/strict";
import { test } from "node:test";
import { randomSeed } from "./random-seed.ts";

test("seeds differ, and are positive integers of 31 bits", () => {
  const seeds = Array.from({ length: 100 }, randomSeed);
  assert.ok(seeds.every((seed) => Number.isInteger(seed) && seed >= 1 && seed < 2 ** 31));
  assert.ok(new Set(seeds).size > 98);
});
