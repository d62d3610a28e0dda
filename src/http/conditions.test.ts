import assert from "node:assert/strict";
import { test } from "node:test";
import { checkConditions, rangeApplies, readTags } from "./conditions.ts";

const at = (seconds: number) => new Date(1_700_000_000_000 + seconds * 1000).toUTCString();
const present = { etag: '"x"', lastModifiedMs: 1_700_000_000_000 };

for (const [headers, expected] of [
  [{}, "proceed"],
  [{ "if-none-match": '"x"' }, 304],
  [{ "if-none-match": 'W/"x"' }, 304],
  [{ "if-none-match": '"y" , "x"' }, 304],
  [{ "if-none-match": '"y",, W/"z"' }, "proceed"],
  [{ "if-none-match": "*" }, 304],
  [{ "if-none-match": 'x, "x"' }, "proceed"],
  [{ "if-none-match": '"y"', "if-modified-since": at(9) }, "proceed"],
  [{ "if-modified-since": at(0) }, 304],
  [{ "if-modified-since": at(-1) }, "proceed"],
  [{ "if-modified-since": "" }, "proceed"],
  [{ "if-match": '"x"' }, "proceed"],
  [{ "if-match": 'W/"x"' }, 412],
  [{ "if-match": "*" }, "proceed"],
  [{ "if-match": '"x"', "if-unmodified-since": at(-1) }, "proceed"],
  [{ "if-match": '"y"', "if-none-match": '"x"' }, 412],
  [{ "if-unmodified-since": at(-1) }, 412],
  [{ "if-unmodified-since": at(0), "if-none-match": '"x"' }, 304],
] as const) {
  test(`${JSON.stringify(headers)} gives ${expected}`, () => {
    assert.equal(checkConditions(headers, present), expected);
  });
}

test("a range counts when its validator names what is there now", () => {
  for (const [validator, applies] of [
    [undefined, true],
    ['"x"', true],
    ['"y"', false],
    ['W/"x"', false],
    [at(0), true],
    [at(1), false],
    ["soon", false],
  ] as const) {
    assert.equal(rangeApplies(validator, present), applies, String(validator));
  }
});

test("tags with commas and blanks are read whole", () => {
  assert.deepEqual(readTags('"a, b" , W/"c"\t,"d'), [
    { tag: '"a, b"', isWeak: false },
    { tag: '"c"', isWeak: true },
  ]);
});
