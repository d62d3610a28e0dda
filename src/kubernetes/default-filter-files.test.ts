import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, truncateSync, writeFileSync } from "node:fs";
import fs from "node:fs/promises";
import { syncBuiltinESMExports } from "node:module";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { DefaultFilterFiles } from "./default-filter-files.ts";

let folder: string;
let logged: string[];
let files: DefaultFilterFiles;

beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "skipper-filters-"));
  logged = [];
  const write =
    (level: string) =>
    (message: string, fields: Readonly<Record<string, unknown>> = {}) =>
      void logged.push(`${level} ${message} ${fields.file ?? fields["#configs"] ?? ""}`.trim());
  const log = { debug: write("debug"), info: write("info"), warn: write("warn"), error: write("error") };
  files = new DefaultFilterFiles(path.join(folder, "filters"), log);
});
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const write = (name: string, text: string) => writeFileSync(path.join(folder, "filters", name), text);

test("files and links whose name is service and namespace; the rest is passed over", async () => {
  mkdirSync(path.join(folder, "filters"));
  write("web.shop", "a()");
  write("web", "b()");
  write("a.b.c", "c()");
  write(".shop", "d()");
  write("large.shop", "");
  truncateSync(path.join(folder, "filters/large.shop"), (1 << 20) + 1);
  mkdirSync(path.join(folder, "filters/folder.shop"));
  writeFileSync(path.join(folder, "target"), "e()");
  symlinkSync("../target", path.join(folder, "filters/link.shop"));
  symlinkSync("../missing", path.join(folder, "filters/broken.shop"));
  assert.deepEqual(
    [...(await files.read())],
    [
      ["shop/link", "e()"],
      ["shop/web", "a()"],
    ],
  );
  assert.deepEqual(logged.sort(), [
    "debug could not read file broken.shop",
    "debug default filter configurations loaded 2",
    "debug incompatible file folder.shop",
    "debug incompatible file large.shop",
    "debug malformed file name .shop",
    "debug malformed file name a.b.c",
    "debug malformed file name web",
  ]);
});

test("changes show, and what did not change is the same map", async () => {
  mkdirSync(path.join(folder, "filters"));
  write("web.shop", "a()");
  const first = await files.read();
  assert.equal(await files.read(), first);
  write("web.shop", "changed()");
  assert.equal((await files.read()).get("shop/web"), "changed()");
  rmSync(path.join(folder, "filters/web.shop"));
  assert.equal((await files.read()).size, 0);
});

test("a change that carries the time and size of the one before, as two in one tick of the clock may, shows too", async (t) => {
  mkdirSync(path.join(folder, "filters"));
  write("web.shop", "a()");
  const state = await fs.stat(path.join(folder, "filters/web.shop"));
  t.mock.method(fs, "stat", async () => state);
  syncBuiltinESMExports();
  try {
    assert.equal((await files.read()).get("shop/web"), "a()");
    write("web.shop", "b()");
    assert.equal((await files.read()).get("shop/web"), "b()");
  } finally {
    t.mock.restoreAll();
    syncBuiltinESMExports();
  }
});

test("a file that is there and cannot be read any more leaves its last text", async () => {
  mkdirSync(path.join(folder, "filters"));
  const target = path.join(folder, "target");
  writeFileSync(target, "a()");
  symlinkSync("../target", path.join(folder, "filters/web.shop"));
  assert.equal((await files.read()).get("shop/web"), "a()");
  rmSync(target);
  assert.equal((await files.read()).get("shop/web"), "a()");
  writeFileSync(target, "b()");
  assert.equal((await files.read()).get("shop/web"), "b()");
});

test("a directory that goes leaves the last texts, and is reported once", async () => {
  assert.equal((await files.read()).size, 0);
  mkdirSync(path.join(folder, "filters"));
  write("web.shop", "a()");
  assert.equal((await files.read()).size, 1);
  renameSync(path.join(folder, "filters"), path.join(folder, "away"));
  assert.equal((await files.read()).size, 1);
  assert.equal((await files.read()).size, 1);
  const failure = "error could not fetch default filter configurations";
  assert.deepEqual(
    logged.filter((line) => line.startsWith("error")),
    [failure, failure],
  );
});
