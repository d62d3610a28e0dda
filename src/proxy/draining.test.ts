import assert from "node:assert/strict";
import { test } from "node:test";
import { arrivalLimit } from "./draining.ts";

test("a draining process waits for what is about to arrive, for a moment", () => {
  const rows: readonly (readonly [string, accepted: number, requests: number, waiting: number, number | null])[] = [
    ["a new connection", 9500, 0, 0, 10_500],
    ["a new connection with a part of a head", 9500, 0, 7, 10_500],
    ["a connection that was never used", 8000, 0, 0, null],
    ["a first head that does not end", 8000, 0, 7, null],
    ["an idle connection", 9500, 3, 0, null],
    ["a part of a further head", 8000, 3, 7, 11_000],
  ];
  for (const [name, accepted, requests, waiting, limit] of rows) {
    assert.equal(arrivalLimit(10_000, accepted, requests, waiting), limit, name);
  }
});
