import assert from "node:assert/strict";
import { test } from "node:test";
import { readRanges } from "./byte-ranges.ts";

const beyond = { type: "none", reason: "invalid range: failed to overlap" };
const invalid = { type: "none", reason: "invalid range" };
const some = (...ranges: readonly (readonly [number, number])[]) => ({
  type: "some",
  ranges: ranges.map(([start, end]) => ({ start, end })),
});

for (const [header, expected] of [
  [undefined, "all"],
  ["", "all"],
  ["bytes=0-4", some([0, 5])],
  ["bytes=5-", some([5, 10])],
  ["bytes=-3", some([7, 10])],
  ["bytes=-30", some([0, 10])],
  ["bytes=8-99", some([8, 10])],
  ["bytes=0-0, 9-9", some([0, 1], [9, 10])],
  ["bytes= 1 - 2 ,", some([1, 3])],
  ["bytes=10-", beyond],
  ["bytes=-0", beyond],
  ["bytes=10-, 2-3", some([2, 4])],
  ["bytes=", "all"],
  ["bytes=0-9,0-9", "all"],
  [`bytes=${"0-0,".repeat(17)}`, "all"],
  ["bytes=-", invalid],
  ["bytes=3-2", invalid],
  ["bytes=a-b", invalid],
  ["items=0-1", invalid],
] as const) {
  test(`${header} of 10 bytes`, () => assert.deepEqual(readRanges(header, 10), expected));
}

test("nothing has no range", () => {
  assert.deepEqual(readRanges("bytes=0-", 0), beyond);
});
