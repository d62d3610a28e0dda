// The machine beyond what programs/ show: limits that nothing gets around, runs that stop and go on, memory that is let go.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { load } from "./load.ts";
import { errorText, evaluate, testMachine } from "./lua-run.fixture.ts";
import type { Limits, Machine } from "./machine.ts";
import * as opcodes from "./opcodes.ts";
import { Closure, Native, type Value } from "./value.ts";

const LIMITS: Limits = { instructions: 1_000_000, memoryBytes: 4 << 20 };

function chunk(m: Machine, text: string): Closure {
  const proto = load(text, "=t");
  assert.ok(typeof proto !== "string", String(proto));
  return new Closure(proto, [], m.globals);
}

function failure(text: string, limits = LIMITS): string {
  const m = testMachine(() => {}, limits);
  const proto = load(text, "=t");
  if (typeof proto === "string") return proto;
  try {
    m.runNow(new Closure(proto, [], m.globals), []);
    return "";
  } catch (cause) {
    return errorText(m, cause);
  }
}

test("the numbers of the cases are those of the instructions", () => {
  const text = readFileSync(`${import.meta.dirname}/machine.ts`, "utf8");
  const cases = [...text.matchAll(/case (\d+):(?: \{)?\s*\/\/ (\w+)/g)].map(([, number, name]) => [
    name,
    Number(number),
  ]);
  assert.deepEqual(Object.fromEntries(cases), { ...opcodes });
});

describe("work is limited", () => {
  const endless = [
    "while true do end",
    "repeat until false",
    "for i = 1, math.huge do end",
    "for i = 2, 1, 0 do end",
    "for _ in function() return 1 end do end",
    "local function f() return f() end f()",
    "local f = function() end while true do f() end",
    "while true do pcall(function() while true do end end) end",
    "while true do pcall(error) end",
    "local co = coroutine.wrap(function() while true do coroutine.yield() end end) while true do co() end",
    "local t = setmetatable({}, {__index = function(t, k) return t[k + 1] end}) while true do pcall(function() return t[1] end) end",
    "local s = ('a'):rep(3000) s:find(('a*'):rep(20) .. 'b')",
    "local s = ('a'):rep(100000) for i = 1, 1e9 do s:find('b') end",
    "local s = ('a'):rep(30000) s:match('.-b')",
    "local s = ('('):rep(100000) for i = 1, 1e9 do s:find('%b()') end",
    "local s = ('a'):rep(1000) s:gsub('', function() for i = 1, 1e9 do end end)",
    "local t = {} for i = 1, 10000 do t[i] = i end table.sort(t, function() for i = 1, 1000 do end return false end)",
    "local t = {} for i = 1, 1000 do t[i] = i end while true do table.sort(t) end",
    "local t = {} for i = 1, 50000 do t[i] = i end while true do table.insert(t, 1, 0) table.remove(t, 1) end",
    "local t = {} for i = 1, 1000 do t[i] = 'x' end while true do table.concat(t) end",
    "while true do loadstring('return 1') end",
    "while true do tostring(1) end",
    "load(function() return ' ' end)",
    "local t = setmetatable({}, {__lt = function() while true do end end}) return t < t",
    "local s = ('x'):rep(1e6) while true do s = s:reverse() s:upper() end",
  ];
  for (const text of endless) {
    test(text, () => {
      const before = process.cpuUsage();
      assert.match(failure(text), /^more than \d+ (instructions|bytes of memory)$/);
      const { user } = process.cpuUsage(before);
      assert.ok(user < 5_000_000, `took ${user} us`);
    });
  }
});

describe("memory is limited", () => {
  const greedy = [
    "local t = {} for i = 1, 1e9 do t[i] = i end",
    "local t = {} for i = 1, 1e9 do t['k' .. i] = i end",
    "local s = 'x' while true do s = s .. s end",
    "return ('x'):rep(1e9)",
    "return ('x'):rep(1e308)",
    "local t = {} for i = 1, 1e9 do t[i] = {} end",
    "local t = {} for i = 1, 1e9 do t[i] = function() return t end end",
    "local t = {} for i = 1, 1e9 do t[i] = coroutine.create(function() end) end",
    "local s = ('x'):rep(1e5) local t = {} for i = 1, 100 do t[i] = s end return table.concat(t)",
    "local s = ('x'):rep(1e5) return (s:gsub('x', s))",
    "local s = ('x'):rep(1e6) return string.format('%s%s%s%s%s%s', s, s, s, s, s, s)",
    "local t = {} for i = 1, 1e9 do table.insert(t, 'value') end",
    "while true do x = {x} end",
    "local function f(...) return f(1, ...) end f()",
  ];
  for (const text of greedy) {
    test(text, () => {
      assert.match(
        failure(text, { ...LIMITS, instructions: 50_000_000 }),
        /^more than \d+ (bytes of memory|instructions)$|overflow/,
      );
    });
  }

  test("what is let go does not count", () => {
    const text = "for i = 1, 2000 do local s = ('x'):rep(10000) .. i end local t for i = 1, 200000 do t = {i} end";
    assert.equal(failure(text, { ...LIMITS, instructions: 50_000_000 }), "");
  });

  test("globals count over calls", () => {
    const m = testMachine(() => {}, LIMITS);
    m.runNow(chunk(m, "kept = {} function f() for i = 1, 1000 do kept[#kept + 1] = 'some text ' .. i end end"), []);
    const f = m.globals.get("f");
    let message = "";
    for (let i = 0; i < 1000 && message === ""; i++) {
      try {
        m.runNow(f, []);
      } catch (cause) {
        message = errorText(m, cause);
      }
    }
    assert.match(message, /bytes of memory/);
  });
});

describe("depth is limited", () => {
  for (const [text, expected] of [
    ["local function f() return 1 + f() end f()", /stack overflow/],
    ["local t = setmetatable({}, {__index = function(t, k) return t[k .. 'x'] end}) return t.a", /C stack overflow/],
    ["local function f() return coroutine.wrap(f)() end f()", /C stack overflow/],
    ["local t = {} t.__index = t return setmetatable(t, t).x", /loop in gettable/],
    [`return ${"(".repeat(1000)}1${")".repeat(1000)}`, /too many syntax levels/],
    [`return ${"{".repeat(100_000)}`, /too many syntax levels/],
    [`return ("x"):find("${"a?".repeat(500)}b")`, /^$|pattern too complex/],
    [`local x = 1 return x${" + 1".repeat(1_000)}`, /^$/],
    [`local x = {} return x${".a".repeat(300)}`, /attempt to index field 'a'/],
  ] as const) {
    test(text.slice(0, 70), () => assert.match(failure(text), expected));
  }
});

describe("a run that stops", () => {
  const later = (value: Value) => new Promise<Value>((resolve) => setImmediate(() => resolve(value)));

  function waiting(): Machine {
    const m = testMachine(() => {}, LIMITS);
    m.globals.set("wait", new Native("wait", (args) => later(args[0])));
    m.globals.set("fail", new Native("fail", () => later(undefined).then(() => Promise.reject(new Error("host")))));
    return m;
  }

  for (const [text, expected] of [
    ["return wait(1) + wait(2)", "3"],
    ["local t = {} for i = 1, 3 do t[i] = wait(i) end return unpack(t)", "1 2 3"],
    ["return pcall(function() local x = wait('a') error(x, 0) end)", "false a"],
    ["return select('#', pcall(wait, nil))", "2"],
    ["local co = coroutine.wrap(function() coroutine.yield(wait(1)) return wait(2) end) return co(), co()", "1 2"],
    ["return (('abc'):gsub('.', function(c) return wait(c:upper()) end))", "ABC"],
    ["local t = {3, 1, 2} table.sort(t, function(a, b) return wait(a < b) end) return table.concat(t)", "123"],
    [
      "return pcall(function() return setmetatable({}, {__index = function() return wait(1) end}).x end)",
      /across metamethod/,
    ],
    ["for v in function(_, c) return wait((c or 0) < 3 and (c or 0) + 1 or nil) end do last = v end return last", "3"],
    ["local function f() return wait(7) end return f()", "7"],
    ["return xpcall(function() return wait(1) end, print)", "true 1"],
  ] as const) {
    test(text, async () => {
      const m = waiting();
      const values = await m.run(chunk(m, text), []);
      const shown = values.map(String).join(" ");
      if (typeof expected === "string") assert.equal(shown, expected);
      else assert.match(shown, expected);
    });
  }

  test("is refused where there is no time for it", () => {
    assert.match(evaluate("return wait(1)", waiting()), /attempt to wait/);
  });

  test("a promise that fails is a fault of the host", async () => {
    const m = waiting();
    await assert.rejects(async () => m.run(chunk(m, "pcall(fail)"), []), /host/);
    assert.equal(evaluate("return 1", m), "1");
  });

  test("gives others their turn in a long run, and goes on", async () => {
    const m = testMachine(() => {}, { ...LIMITS, instructions: 5_000_000 });
    let turns = 0;
    m.pause = () => {
      turns++;
      return new Promise((resolve) => setImmediate(resolve));
    };
    const text =
      "local function add(a, b) return a + b end local s = 0 for i = 1, 200000 do s = add(s, i) end return s";
    assert.deepEqual(await m.run(chunk(m, text), []), [20_000_100_000]);
    assert.ok(turns > 5, `${turns} turns`);
  });

  test("the error of one run leaves nothing to the next", async () => {
    const m = waiting();
    for (const text of ["error('x')", "wait(1) error('y')", "while true do end", "local function f() f() end f()"]) {
      await assert.rejects(async () => m.run(chunk(m, text), []));
      assert.equal(evaluate("return coroutine.running(), select('#', pcall(error))", m), "nil 2");
    }
  });
});
