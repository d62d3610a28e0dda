// What lua() refuses and bounds, and that the other requests do not notice: libraries, work, memory, log, files.

import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { after, before, describe, test } from "node:test";
import { FakeContext, fakeEnv } from "../../../test/support/fake-context.ts";
import { forbiddenLua } from "./lua.ts";
import { COMMAND_OPTIONS, ScriptFiles } from "./script-files.ts";
import { ScriptFilter } from "./script-filter.ts";
import { envWith, OPTIONS, run, valueOf } from "./script-run.fixture.ts";
import { ScriptTexts } from "./script-texts.ts";

const NO_TEXTS = new ScriptTexts([]);
const lua = new ScriptFiles(COMMAND_OPTIONS);

describe("the sandbox", () => {
  for (const [expression, expected] of [
    ["type(io), type(debug), type(channel), type(dofile), type(loadfile)", "nil|nil|nil|nil|nil"],
    ["type(os.execute), type(os.getenv), type(os.exit), type(os.remove), type(os.time())", "nil|nil|nil|nil|number"],
    ["type(os.date()), type(package.loadlib), type(string.dump)", "string|nil|function"],
    ["(pcall(string.dump, print)), (loadstring('\\27Lua'))", "false|nil"],
  ] as const) {
    test(expression, async () => assert.equal(await valueOf(expression), expected));
  }

  for (const [modules, expression, expected] of [
    [
      ["base", "package", "json", "table"],
      "type(os), type(require), type(string), (pcall(require, 'base64')), (pcall(require, 'json'))",
      "nil|function|nil|false|true",
    ],
    [["base", "table", "string.rep"], "type(string.rep), type(string.sub), type(require)", "function|nil|nil"],
    [["base", "table", "package.loaded"], "type(require), type(module), type(package.loaded)", "nil|nil|table"],
    [["base", "table", "os.time"], "type(os.time), type(os.date)", "function|nil"],
  ] as const) {
    test(`-lua-modules=${modules}`, async () =>
      assert.equal(await valueOf(expression, {}, envWith({ modules })), expected));
  }

  test("-lua-modules with single symbols of the basic library", async () => {
    const env = envWith({ modules: ["base.tostring", "base.print"] });
    await run("function request() print(tostring(pcall), tostring(sleep), tostring(print ~= nil)) end", {}, [], env);
    assert.deepEqual(env.logged, ["info nilniltrue"]);
  });

  test("-lua-modules=none leaves nothing", async () => {
    const env = envWith({ modules: ["none"] });
    const { ctx } = await run(
      "function request(c) if not print and not _G then c.request.header.Out = 'none' end end",
      {},
      [],
      env,
    );
    assert.equal(ctx.request.headers.get("Out"), "none");
  });

  test("a script that keeps its request gets an error afterwards", async () => {
    const filter = new ScriptFilter(
      "function request(c) kept = kept or c c.request.header.A = '1' c.x = 1 old = kept.request end",
      [],
      fakeEnv(),
      NO_TEXTS,
    );
    const env = fakeEnv();
    const other = new ScriptFilter(
      "local f function request(c) f = f or c.request.header local x = f.a end",
      [],
      env,
      NO_TEXTS,
    );
    for (let i = 0; i < 8; i++) {
      await filter.request(new FakeContext());
      await other.request(new FakeContext());
    }
    assert.deepEqual(env.logged, []);
  });
});

describe("limits", () => {
  test("an endless loop ends, its request goes on, and others get their turns", async () => {
    const env = fakeEnv();
    let turns = 0;
    let longest = 0;
    let last = process.cpuUsage().user;
    let watching = true;
    const watch = (): void => {
      const { user } = process.cpuUsage();
      longest = Math.max(longest, user - last);
      last = user;
      turns++;
      if (watching) setImmediate(watch);
    };
    setImmediate(watch);
    const { ctx } = await run("function request(c) c.request.header.A = '1' while true do end end", {}, [], env);
    watching = false;
    assert.equal(ctx.request.headers.get("A"), "1");
    assert.match(env.logged.join(), /^error Error calling request from .*: more than 5000000 instructions$/);
    assert.ok(turns > 20, `${turns} turns`);
    assert.ok(longest < 250_000, `${longest} us of CPU in one turn`);
  });

  test("a full memory ends the call, and the next has a new interpreter", async () => {
    const env = envWith({ maxMemoryBytes: 1 << 20 });
    const filter = new ScriptFilter(
      "kept = {} function request(c) for i = 1, 1e6 do kept[#kept + 1] = {} end end",
      [],
      env,
      NO_TEXTS,
    );
    for (let i = 0; i < 5; i++) await filter.request(new FakeContext());
    assert.equal(env.logged.length, 5);
    for (const line of env.logged) assert.match(line, /more than 1048576 bytes of memory/);
  });

  test("the log of a script that fails or prints without end is bounded", async () => {
    let now = 0;
    const env = { ...fakeEnv(), now: () => now };
    const filter = new ScriptFilter(
      "function request() for i = 1, 100 do print(i) end error('x') end",
      [],
      env,
      NO_TEXTS,
    );
    await filter.request(new FakeContext());
    assert.equal(env.logged.length, 50);
    now = 1000;
    await filter.request(new FakeContext());
    assert.equal(env.logged.length, 100);
  });

  test("an error with a value that is no text", async () => {
    const { env } = await run(
      "function request() error(setmetatable({}, {__tostring = function() error('again') end})) end",
    );
    assert.match(env.logged.join(), /Error calling request/);
  });
});

describe("waiting", () => {
  test("sleep holds its request only, and each request has a machine of its own", async (t) => {
    t.mock.timers.enable({ apis: ["setTimeout"] });
    const filter = new ScriptFilter(
      "local n = 0 function request(c, p) n = n + 1 sleep(20) n = n - 1 c.request.header.N = tostring(n) end",
      [],
      fakeEnv(),
      NO_TEXTS,
    );
    const contexts = Array.from({ length: 20 }, () => new FakeContext());
    const all = Promise.all(contexts.map((ctx) => filter.request(ctx)));
    // All of them sleep by then, and time goes by once.
    await new Promise((resolve) => setImmediate(resolve));
    t.mock.timers.tick(20);
    await all;
    for (const ctx of contexts) assert.equal(ctx.request.headers.get("N"), "0");
  });

  test("works within pcall, coroutines and callbacks", async () => {
    assert.equal(
      await valueOf(
        "pcall(function() sleep(1) return 1 end), (coroutine.wrap(function() sleep(1) return 2 end))(), (('x'):gsub('x', function() sleep(1) return 3 end))",
      ),
      "true|2|3",
    );
  });

  test("is refused while a script is loaded", () => {
    assert.match(lua.check(["sleep(1) function request() end", []]), /attempt to wait/);
  });
});

describe("scripts that cannot be used", () => {
  for (const [script, expected] of [
    ["local x = 1", /at least one of `request` and `response`/],
    ["request = 5", /at least one/],
    ["function request(", /:1: .* near '<eof>'/],
    ["error('at load')", /at load/],
    ["while true do end function request() end", /more than 5000000 instructions/],
    ["require('nosuch') function request() end", /module 'nosuch' not found/],
    ["/no/such/file.lua", /failed to read/],
  ] as const) {
    test(script, () => assert.match(lua.check([script, []]), expected));
  }

  for (const [options, script, expected] of [
    [{ sources: ["none"] }, "function request() end", "lua Sources are disabled"],
    [{ sources: ["file"] }, "function request() end", 'invalid lua source referenced "inline", allowed: "[file]"'],
    [{ sources: ["inline"] }, "x.lua", 'invalid lua source referenced "file", allowed: "[inline]"'],
    [{ sources: ["file", "inline"] }, "function request() end", ""],
    [{ sources: [] }, "function response() end", ""],
  ] as const) {
    test(JSON.stringify(options), () =>
      assert.equal(new ScriptFiles({ ...OPTIONS, ...options }).check([script, []]), expected),
    );
  }
});

test("without -enable-lua there is none", () => {
  assert.equal(forbiddenLua().check(["function request() end", []]), "lua is not enabled: it needs -enable-lua");
});

describe("files", () => {
  const folder = mkdtempSync(join(tmpdir(), "lua-"));
  const file = join(folder, "scripts/s.lua");
  const options = { sources: [join(folder, "scripts")] };
  before(() => {
    mkdirSync(join(folder, "scripts/lib/deep"), { recursive: true });
    writeFileSync(file, "local m = require('lib.m') function request(c) c.request.header.Out = m.name end");
    writeFileSync(join(folder, "scripts/lib/m.lua"), "return {name = 'm1'}");
    writeFileSync(join(folder, "scripts/lib/deep/init.lua"), "return 'deep'");
    writeFileSync(join(folder, "outside.lua"), "function request() end");
    symlinkSync(join(folder, "outside.lua"), join(folder, "scripts/link.lua"));
  });
  after(() => rmSync(folder, { recursive: true }));

  const check = (script: string): string => new ScriptFiles({ ...OPTIONS, ...options }).check([script, []]);

  test("and modules come from the folders of -lua-sources", async () => {
    assert.equal(check(file), "");
    const { ctx } = await run(file, {}, [], envWith(options));
    assert.equal(ctx.request.headers.get("Out"), "m1");
  });

  for (const [script, expected] of [
    ["outside.lua", /lies in none of/],
    ["scripts/link.lua", /lies in none of/],
    ["scripts/../outside.lua", /lies in none of/],
    ["scripts/none.lua", /lies in none of|failed to read/],
  ] as const) {
    test(`${script} is refused`, () => assert.match(check(join(folder, script)), expected));
  }

  test("a module is no path, and is not looked for later", async () => {
    writeFileSync(
      join(folder, "scripts/r.lua"),
      "x = {pcall(require, '../outside')} function request(c) c.request.header.Out = tostring(x[1]) .. tostring(pcall(require, 'lib.deep')) end",
    );
    const { ctx } = await run(join(folder, "scripts/r.lua"), {}, [], envWith(options));
    assert.equal(ctx.request.headers.get("Out"), "falsefalse");
  });
});
