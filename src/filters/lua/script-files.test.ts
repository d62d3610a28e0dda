// Scripts from files: what the checking thread reads, publishes, keeps and says, and how filters in workers take it from there.

import assert from "node:assert/strict";
import { mkdtempSync, renameSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterEach, beforeEach, test } from "node:test";
import { FakeContext, fakeEnv } from "../../../test/support/fake-context.ts";
import type { ProgramText } from "../../lua/program-text.ts";
import { ScriptFiles } from "./script-files.ts";
import { ScriptFilter } from "./script-filter.ts";
import { OPTIONS } from "./script-run.fixture.ts";
import { ScriptTexts } from "./script-texts.ts";

const OUT = "function request(c) c.request.header.Out = ";

let folder: string;
let published: ProgramText[];
let logged: string[];
let rechecks: number;
let texts: ScriptTexts;
let files: ScriptFiles;

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), "lua-files-"));
  published = [];
  rechecks = 0;
  const env = fakeEnv();
  logged = env.logged;
  texts = new ScriptTexts([]);
  files = new ScriptFiles(
    { ...OPTIONS, sources: ["inline", `${folder}/`] },
    {
      log: env.log,
      publish(program) {
        published.push(program);
        texts.put(program);
      },
      recheck: () => void rechecks++,
    },
  );
});

afterEach(() => {
  files.stop();
  rmSync(folder, { recursive: true });
});

function write(name: string, text: string): string {
  const file = join(folder, name);
  // As a whole, so that no look finds half of it.
  writeFileSync(`${file}.new`, text);
  renameSync(`${file}.new`, file);
  return file;
}

const check = (script: string): string => files.check([script, []]);

async function until(what: string, condition: () => boolean): Promise<void> {
  for (let i = 0; i < 500 && !condition(); i++) await new Promise((go) => setTimeout(go, 20));
  assert.ok(condition(), `${what}; log: ${logged.join("\n")}`);
}

async function outOf(filter: ScriptFilter): Promise<string> {
  const ctx = new FakeContext();
  await filter.request(ctx);
  return ctx.request.headers.get("Out") ?? "";
}

test("a script is read and published once for all its routes, and its edits are logged once", async () => {
  const file = write("s.lua", `${OUT} 'one' end`);
  for (let i = 0; i < 3; i++) assert.equal(check(file), "");
  assert.equal(published.length, 1);
  const filter = new ScriptFilter(file, [], fakeEnv(), texts);
  assert.equal(await outOf(filter), "one");

  write("s.lua", "function request(");
  await until("the line about the broken version", () => logged.length > 0);
  assert.match(logged[0]!, /^error lua: .*s\.lua has changed and cannot be used, the last good version stays: .*:1: /);
  assert.equal(check(file), "");
  assert.equal(await outOf(filter), "one");

  write("s.lua", `${OUT} 'three' end`);
  await until("the new version", () => published.length === 2);
  assert.equal(await outOf(filter), "three");
  assert.match(logged.slice(1).join(), /^info lua: .*s\.lua was reloaded$/);
  assert.equal(rechecks, 0);
  filter.close();
});

test("a missing module that appears makes its script valid, and is watched from then on", async () => {
  const file = write("s.lua", `local m = require('lib') ${OUT} m end`);
  assert.match(check(file), /module 'lib' not found/);
  assert.match(check(file), /module 'lib' not found/);
  assert.equal(published.length, 0);
  write("lib.lua", "return 'm1'");
  await until("another check", () => rechecks === 1);
  assert.equal(check(file), "");
  const filter = new ScriptFilter(file, [], fakeEnv(), texts);
  assert.equal(await outOf(filter), "m1");
  write("lib.lua", "return 'm2'");
  await until("the new module", () => published.length === 2);
  assert.equal(await outOf(filter), "m2");
  assert.equal(rechecks, 1);
  filter.close();
});

test("modules of an inline script come from the checking thread too", async () => {
  write("lib.lua", "return 'm1'");
  const script = `local m = require('lib') ${OUT} m end`;
  const filter = new ScriptFilter(script, [], fakeEnv(), texts);
  const waiting = outOf(filter);
  assert.equal(check(script), "");
  assert.equal(await waiting, "m1");
  filter.close();
});

test("an inline script that stands alone is not published", () => {
  assert.equal(check("function request() require('json') end"), "");
  assert.equal(published.length, 0);
});

test("a script that asks for what is no module runs as the check saw it", async () => {
  const script = `local ok = pcall(require, '../x') ${OUT} tostring(ok) end`;
  assert.equal(check(script), "");
  const filter = new ScriptFilter(script, [], fakeEnv(), texts);
  assert.equal(await outOf(filter), "false");
  filter.close();
});

test("requests that are there before the text wait for it, also when the file is gone by then", async () => {
  const file = write("s.lua", `${OUT} 'one' end`);
  const filter = new ScriptFilter(file, [], fakeEnv(), texts);
  const waiting = [outOf(filter), outOf(filter)];
  assert.equal(check(file), "");
  rmSync(file);
  assert.deepEqual(await Promise.all(waiting), ["one", "one"]);
  const late = new ScriptFilter(file, [], fakeEnv(), new ScriptTexts(files.programs));
  assert.equal(await outOf(late), "one");
  filter.close();
  late.close();
});

test("a request whose text does not come fails after a while, and the next may find it", async (t) => {
  t.mock.timers.enable({ apis: ["setTimeout"] });
  const filter = new ScriptFilter("late.lua", [], fakeEnv(), texts);
  const waiting = outOf(filter);
  t.mock.timers.tick(5000);
  await assert.rejects(waiting, /the text of late\.lua has not come/);
  texts.put({ name: "late.lua", main: { text: `${OUT} 'x' end`, chunkName: "@late.lua" }, modules: new Map() });
  assert.equal(await outOf(filter), "x");
  filter.close();
});
