import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, test } from "node:test";
import { findPlugin, findPlugins } from "./find-plugin.ts";

const top = mkdtempSync(path.join(tmpdir(), "find-plugin-"));
after(() => rmSync(top, { recursive: true }));

const files: readonly (readonly [string, string?])[] = [
  ["first/geo.ts"],
  ["first/geo.js"],
  ["first/deep/er/stamp.mjs"],
  ["first/tools/index.ts"],
  ["first/tools/part.ts"],
  ["first/packed/package.json", '{ "exports": { ".": { "types": "./x.d.ts", "import": "./lib/main.js" } } }'],
  ["first/packed/lib/main.js"],
  ["first/old/package.json", '{ "main": "old.js" }'],
  ["first/old/old.js"],
  ["first/empty/package.json", "{ broken"],
  ["first/_draft.ts"],
  ["first/.hidden.ts"],
  ["first/geo.test.ts"],
  ["first/types.d.ts"],
  ["first/README.md"],
  ["first/node_modules/dependency/index.js"],
  ["first/node_modules/@acme/kit/package.json", '{ "name": "@acme/kit", "exports": "./kit.js" }'],
  ["first/node_modules/@acme/kit/kit.js"],
  ["second/geo.ts"],
  ["second/other.mts"],
];
for (const [name, text] of files) {
  mkdirSync(path.dirname(path.join(top, name)), { recursive: true });
  writeFileSync(path.join(top, name), text ?? "");
}
symlinkSync(path.join(top, "first/tools"), path.join(top, "second/linked"));

const folders = [path.join(top, "first"), path.join(top, "nowhere"), path.join(top, "second")];
const known = findPlugins(folders);

test("plugins are found by name, the first folder first, TypeScript before JavaScript", () => {
  const found = Object.fromEntries(Array.from(known, ([name, { entry }]) => [name, path.relative(top, entry)]));
  assert.deepEqual(found, {
    geo: "first/geo.ts",
    stamp: "first/deep/er/stamp.mjs",
    tools: "first/tools/index.ts",
    packed: "first/packed/lib/main.js",
    old: "first/old/old.js",
    other: "second/other.mts",
    linked: "second/linked/index.ts",
  });
});

for (const [name, entry, conf] of [
  ["geo", "first/geo.ts", "first/geo.conf"],
  ["tools", "first/tools/index.ts", "first/tools.conf"],
  ["@acme/kit", "first/node_modules/@acme/kit/kit.js", "first/node_modules/@acme/kit.conf"],
  [path.join(top, "second/geo.ts"), "second/geo.ts", "second/geo.conf"],
  [path.join(top, "first/packed"), "first/packed/lib/main.js", "first/packed.conf"],
  ["part", null],
  ["empty", null],
  ["README.md", null],
  ["../geo", null],
  ["node:fs", null],
  ["Not a name!", null],
] as const) {
  test(`${name.replace(top, "")} is ${entry ?? "not there"}`, () => {
    const place = findPlugin(name, folders, known);
    if (entry === null) assert.equal(place, null);
    else assert.deepEqual([place?.entry, place?.conf], [path.join(top, entry), path.join(top, conf)]);
  });
}
