import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cleanPath, treePath } from "./clean-path.ts";
import { referenceClean } from "./matcher.reference.ts";

const table: readonly (readonly [string, string])[] = [
  ["", "/"],
  ["/", "/"],
  ["//", "/"],
  ["/.", "/"],
  ["/..", "/"],
  ["/../", "/"],
  ["/a//b", "/a/b"],
  ["/a/.", "/a/"],
  ["/a/./", "/a/"],
  ["/a//", "/a/"],
  ["a", "/a"],
  ["*", "/*"],
  ["/a/b/..", "/a"],
  ["/a/b/../", "/a/"],
  ["/a/..", "/"],
  ["/a/../", "/"],
  ["a/", "/a"],
  ["ab/", "/ab/"],
  ["/a/.../b", "/a/.../b"],
  ["/..a/.b", "/..a/.b"],
  ["/a/b/", "/a/b/"],
  [".", "/"],
  ["..", "/"],
  ["/a/../../b", "/b"],
];

test("paths are cleaned as the table of the spec says", () => {
  for (const [path, cleaned] of table) assert.equal(cleanPath(path), cleaned, JSON.stringify(path));
});

test("a path that is clean comes back as the same string, and cleaning again changes nothing", () => {
  for (const [, cleaned] of table) assert.equal(cleanPath(cleaned), cleaned);
});

test("it agrees with the plain twin", () => {
  const part = fc.constantFrom("/", "/", ".", "..", "a", "b.", "...", "%", "\u00ff");
  fc.assert(
    fc.property(fc.array(part, { maxLength: 12 }), (parts) => {
      const path = parts.join("");
      assert.equal(cleanPath(path), referenceClean(path));
    }),
    { numRuns: 5000 },
  );
});

test("without trailing slashes one is taken off, but not the only one", () => {
  assert.equal(treePath("/a/", true), "/a");
  assert.equal(treePath("/a/", false), "/a/");
  assert.equal(treePath("/", true), "/");
  assert.equal(treePath("/a", true), "/a");
});
