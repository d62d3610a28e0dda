// The language against a plain reference, and the parser against anything: expressions compared with their value in JavaScript, programs cut and mutated.

import assert from "node:assert/strict";
import { globSync, readFileSync } from "node:fs";
import { describe, test } from "node:test";
import fc from "fast-check";
import { load } from "./load.ts";
import { evaluate, testMachine } from "./lua-run.fixture.ts";
import { numberText } from "./number-text.ts";

/** An expression over numbers: its text in Lua, and its value computed here. */
interface Sample {
  readonly text: string;
  readonly value: number | boolean;
}

const operators: Readonly<Record<string, (a: number, b: number) => number>> = {
  "+": (a, b) => a + b,
  "-": (a, b) => a - b,
  "*": (a, b) => a * b,
  "/": (a, b) => a / b,
  "%": (a, b) => a - Math.floor(a / b) * b,
};

const comparisons: Readonly<Record<string, (a: number, b: number) => boolean>> = {
  "<": (a, b) => a < b,
  "<=": (a, b) => a <= b,
  ">": (a, b) => a > b,
  ">=": (a, b) => a >= b,
  "==": (a, b) => a === b,
  "~=": (a, b) => a !== b,
};

const variables: Readonly<Record<string, number>> = { x: 3, y: -7.5, up: 11, glob: 4 };

const leaf: fc.Arbitrary<Sample> = fc.oneof(
  fc.integer({ min: 0, max: 1000 }).map((n) => ({ text: String(n), value: n })),
  fc.constantFrom(...Object.keys(variables)).map((name) => ({ text: name, value: variables[name]! })),
);

const { expression } = fc.letrec<{ expression: Sample }>((tie) => ({
  expression: fc.oneof(
    { maxDepth: 5, withCrossShrink: true },
    leaf,
    fc.tuple(fc.constantFrom(...Object.keys(operators)), tie("expression"), tie("expression")).map(([op, a, b]) => ({
      text: `(${a.text} ${op} ${b.text})`,
      value: operators[op]!(Number(a.value), Number(b.value)),
    })),
    tie("expression").map((a) => ({ text: `(-${a.text})`, value: -Number(a.value) })),
    fc
      .tuple(fc.constantFrom(...Object.keys(comparisons)), tie("expression"), tie("expression"), tie("expression"))
      .map(([op, a, b, c]) => ({
        text: `(${a.text} ${op} ${b.text} and ${c.text} or ${b.text})`,
        value: comparisons[op]!(Number(a.value), Number(b.value)) ? c.value : b.value,
      })),
    tie("expression").map((a) => ({ text: `(function() return ${a.text} end)()`, value: a.value })),
    tie("expression").map((a) => ({ text: `({${a.text}})[1]`, value: a.value })),
  ),
}));

function shown(value: number | boolean): string {
  return typeof value === "number" ? numberText(value) : String(value);
}

describe("expressions have the value that JavaScript gives them", () => {
  for (const [form, wrap] of [
    ["returned", (text: string) => `return ${text}`],
    ["in a local that it uses itself", (text: string) => `local r = x r = ${text} return r`],
    ["as arguments", (text: string) => `return select(2, 1, ${text})`],
    ["as a condition", (text: string) => `if (${text}) == (${text}) or true then return ${text} end`],
  ] as const) {
    test(form, () => {
      const m = testMachine();
      fc.assert(
        fc.property(expression, ({ text, value }) => {
          const program = `glob = 4 local up = 11 local keep = function() return up end local x, y = 3, -7.5 ${wrap(text)}`;
          // NaN has no text of its own in C.
          if (!Number.isNaN(value)) assert.equal(evaluate(program, m), shown(value), program);
        }),
        { numRuns: 300 },
      );
    });
  }
});

const folder = `${import.meta.dirname}/programs`;
const sources = globSync("*.lua", { cwd: folder }).map((file) => readFileSync(`${folder}/${file}`, "latin1"));

function assertIsClear(result: ReturnType<typeof load>, text: string): void {
  if (typeof result === "string") assert.match(result, /^name:\d+: .+/s, text);
}

describe("any text is a program or an error with its line", () => {
  test("programs that end early", () => {
    for (const text of sources) {
      for (let end = 0; end < text.length; end += 1 + Math.floor(text.length / 400)) {
        assertIsClear(load(text.slice(0, end), "=name"), text.slice(Math.max(end - 40, 0), end));
      }
    }
  });

  test("programs with pieces taken out, doubled and put elsewhere", () => {
    const piece = fc.tuple(fc.nat(), fc.nat(30), fc.nat());
    fc.assert(
      fc.property(fc.constantFrom(...sources), fc.array(piece, { minLength: 1, maxLength: 5 }), (source, edits) => {
        let text = source.slice(0, 2000);
        for (const [at, length, to] of edits) {
          const from = at % (text.length + 1);
          const cut = text.slice(from, from + length);
          const place = to % (text.length + 1);
          text = text.slice(0, place) + cut + text.slice(place + (to % 2) * length);
        }
        assertIsClear(load(text, "=name"), text);
      }),
      { numRuns: 500 },
    );
  });

  test("any bytes", () => {
    const bytes = fc.uint8Array({ maxLength: 60 }).map((list) => Buffer.from(list).toString("latin1"));
    fc.assert(
      fc.property(bytes, (text) => assertIsClear(load(text, "=name"), text)),
      { numRuns: 2000 },
    );
  });

  test("tokens in any order", () => {
    const tokens =
      "and break do else elseif end false for function if in local nil not or repeat return then true until while + - * / % ^ # == ~= <= >= < > = ( ) { } [ ] ; : , . .. ... x 1 'a' [[b]]".split(
        " ",
      );
    fc.assert(
      fc.property(fc.array(fc.constantFrom(...tokens), { maxLength: 30 }), (list) => {
        const text = list.join(" ");
        const result = load(text, "=name");
        assertIsClear(result, text);
        // What compiles can be run; it may fail, with a position.
        if (typeof result !== "string")
          evaluate(
            text,
            testMachine(() => {}, { instructions: 10_000, memoryBytes: 1 << 20 }),
          );
      }),
      { numRuns: 3000 },
    );
  });
});

describe("numbers", () => {
  test("read back what they print", () => {
    const m = testMachine();
    fc.assert(
      fc.property(fc.double({ noNaN: true }), (n) => {
        const [text, precise] = evaluate(
          `local n = ${n === Infinity ? "1e999" : n === -Infinity ? "-1e999" : n} return tostring(n), string.format('%.17g', n)`,
          m,
        ).split(" ");
        assert.ok(Number(precise!.replace("inf", "Infinity")) === n, `${precise} for ${n}`);
        assert.ok(text!.length <= 21);
      }),
    );
  });
});
