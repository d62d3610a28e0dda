import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { ApplicationLog, type LogOptions, parseLogLevel, rfc3339, sortedJson } from "./log.ts";

const START = Date.UTC(2026, 0, 2, 3, 4, 5);

function logTo(lines: string[], options: Partial<LogOptions> = {}): ApplicationLog {
  return new ApplicationLog({
    level: "info",
    prefix: "[APP]",
    json: false,
    terminal: false,
    write: (line) => lines.push(line),
    now: () => START,
    ...options,
  });
}

const time = rfc3339(START);

test("text lines", () => {
  const cases: [string, Record<string, unknown> | undefined, string][] = [
    ["done.", undefined, "msg=done."],
    ["Listen on :9090", undefined, 'msg="Listen on :9090"'],
    ["", undefined, "msg="],
    ['say "x"\n\\', undefined, 'msg="say \\"x\\"\\n\\\\"'],
    ["\x01\x7f\t", undefined, 'msg="\\x01\\x7f\\t"'],
    ["über", undefined, 'msg="über"'],
    ["a", { z: 1, b: "x y", e: new Error("no"), n: null, l: [1] }, 'msg=a b="x y" e=no l="[1]" n=null z=1'],
    ["a-b_c/d@e^f+g.h", undefined, "msg=a-b_c/d@e^f+g.h"],
  ];
  for (const [message, fields, expected] of cases) {
    const lines: string[] = [];
    logTo(lines).info(message, fields);
    assert.deepEqual(lines, [`[APP]time="${time}" level=info ${expected}\n`]);
  }
});

test("levels", () => {
  const lines: string[] = [];
  const log = logTo(lines, { level: "warning", prefix: "" });
  log.debug("d");
  log.info("i");
  log.warn("w");
  log.error("e");
  log.fatal("f");
  assert.deepEqual(
    lines.map((line) => line.slice(line.indexOf("level"))),
    ["level=warning msg=w\n", "level=error msg=e\n", "level=fatal msg=f\n"],
  );
  for (const [text, level] of [
    ["INFO", "info"],
    ["warn", "warning"],
    ["Warning", "warning"],
    ["TRACE", "trace"],
    ["FOO", undefined],
  ] as const) {
    assert.equal(parseLogLevel(text), level);
  }
});

test("JSON lines have sorted keys, no prefix, and escape what HTML would read", () => {
  const lines: string[] = [];
  logTo(lines, { json: true }).error("a<b> & c", { level: "mine", big: 10n });
  assert.deepEqual(lines, [
    `{"big":"10","fields.level":"mine","level":"error","msg":"a\\u003cb\\u003e \\u0026 c","time":"${time}"}\n`,
  ]);
});

test("a terminal gets coloured lines with the seconds since the start", () => {
  const lines: string[] = [];
  let now = START;
  const log = logTo(lines, { terminal: true, prefix: "", now: () => now });
  now += 61_500;
  log.info("up", { n: 1 });
  log.warn("odd\x1b[2J");
  assert.deepEqual(lines, ["\x1b[36mINFO\x1b[0m[0061] up n=1\n", '\x1b[33mWARN\x1b[0m[0061] "odd\\x1b[2J"\n']);
});

test("a repeated line comes once a minute and says what was left out", () => {
  const lines: string[] = [];
  let now = START;
  const log = logTo(lines, { prefix: "", now: () => now });
  for (let i = 0; i < 5; i++) log.everyMinute("k", "error", "again");
  log.everyMinute("other", "error", "different");
  now += 60_000;
  log.everyMinute("k", "error", "again");
  assert.deepEqual(
    lines.map((line) => line.slice(line.indexOf("msg"))),
    ["msg=again\n", "msg=different\n", "msg=again suppressed=4\n"],
  );
});

test("only so many repeated lines are remembered, the oldest are forgotten", () => {
  const lines: string[] = [];
  const log = logTo(lines);
  for (let i = 0; i < 1001; i++) log.everyMinute(`k${i}`, "info", "x");
  assert.equal(lines.length, 1001);
  log.everyMinute("k1000", "info", "x");
  assert.equal(lines.length, 1001, "the youngest is remembered");
  log.everyMinute("k0", "info", "x");
  assert.equal(lines.length, 1002, "the oldest is not");
});

test("whatever is logged is one line, and JSON gives it back", () => {
  fc.assert(
    fc.property(
      fc.string({ unit: "binary" }),
      fc.dictionary(fc.string(), fc.string({ unit: "binary" })),
      (message, fields) => {
        const text: string[] = [];
        logTo(text).info(message, fields);
        logTo(text, { terminal: true }).info(message, {});
        const keysWithoutLineFeed = !Object.keys(fields).some((key) => key.includes("\n"));
        if (keysWithoutLineFeed) for (const line of text) assert.equal(line.indexOf("\n"), line.length - 1);
        const parsed = JSON.parse(sortedJson({ ...fields, message }));
        assert.equal(parsed.message, message.toWellFormed());
      },
    ),
  );
});

test("times carry the offset of the zone", () => {
  assert.match(
    rfc3339(START),
    /^2026-01-0[123]T\d\d:04:05(Z|[+-]\d\d:\d\d)$|^2026-01-0[123]T\d\d:\d\d:05[+-]\d\d:\d\d$/,
  );
  assert.equal(Date.parse(rfc3339(START)), START);
});
