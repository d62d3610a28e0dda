// The list of filters that the specification covers, and what ships of it. A name that ships must leave `missing`, so that the list
// can only become shorter.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { filterSpecs } from "./index.ts";

/** Filters of the list that do not ship. */
const missing: readonly string[] = [
  "Tee",
  "cache",
  "encodeRequestHeader",
  "encodeResponseHeader",
  "loopbackIfStatus",
  "lua",
  "tee",
  "teeLoopback",
  "teeResponse",
  "teenf",
];

const file = new URL("../../test/vectors/filter-names.json", import.meta.url);
const { names }: { names: string[] } = JSON.parse(readFileSync(file, "utf8"));
const shipped = new Set(filterSpecs.map((spec) => spec.name));

test("the list has 129 names, each once", () => {
  assert.equal(new Set(names).size, 129);
  assert.equal(names.length, 129);
});

test("every filter of the list ships, but for those that are named here as missing", () => {
  assert.deepEqual(names.filter((name) => !shipped.has(name)).sort(), missing.toSorted());
});
