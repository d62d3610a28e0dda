import assert from "node:assert/strict";
import { test } from "node:test";
import { HttpDate, parseHttpDate } from "./date.ts";

const MOMENT = Date.UTC(1994, 10, 6, 8, 49, 37);

const dates: readonly [string, number][] = [
  ["Sun, 06 Nov 1994 08:49:37 GMT", MOMENT],
  ["Sunday, 06-Nov-94 08:49:37 GMT", MOMENT],
  ["Sun Nov  6 08:49:37 1994", MOMENT],
  ["Thu, 02 Jan 2120 03:04:05 GMT", Date.UTC(2120, 0, 2, 3, 4, 5)],
  ["Sun, 06 Nov 1994 08:49:37 +0000", Number.NaN],
  ["Sun, 06 Foo 1994 08:49:37 GMT", Number.NaN],
  ["Sun, 06 Nov 1994 24:49:37 GMT", Number.NaN],
  ["Sun, 6 Nov 1994 08:49:37 GMT", Number.NaN],
  ["1994-11-06T08:49:37Z", Number.NaN],
  ["0", Number.NaN],
  ["-1", Number.NaN],
  ["", Number.NaN],
];

for (const [text, ms] of dates) test(`reads ${JSON.stringify(text)}`, () => assert.equal(parseHttpDate(text), ms));

test("writes what it reads", () => {
  assert.equal(new HttpDate().at(MOMENT + 999), "Sun, 06 Nov 1994 08:49:37 GMT");
});
