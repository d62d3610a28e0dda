// Every filter that the specification's Coverage table names ships (test/vectors/filter-names.json).

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { filterSpecs } from "./index.ts";

const file = new URL("../../test/vectors/filter-names.json", import.meta.url);
const { names }: { names: string[] } = JSON.parse(readFileSync(file, "utf8"));

test("the list has 129 names, each once", () => {
  assert.equal(new Set(names).size, 129);
  assert.equal(names.length, 129);
});

test("every filter of the list ships", () => {
  const shipped = new Set(filterSpecs.map((spec) => spec.name));
  assert.deepEqual(
    names.filter((name) => !shipped.has(name)),
    [],
  );
});
