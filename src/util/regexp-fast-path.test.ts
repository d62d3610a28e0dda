// The proof behind the fast path, against an engine that backtracks and counts its steps: no pattern takes more of them than the
// estimate says, whatever the subject.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { analyseRegexp, estimateWork } from "./regexp-fast-path.ts";
import { type Node, parseSimpleRegexp } from "./regexp-syntax.ts";

type Next = (at: number) => boolean;

/** A backtracking matcher: leftmost, greedy or lazy as written. */
class CountingMatcher {
  steps = 0;
  readonly #subject: string;

  constructor(subject: string) {
    this.#subject = subject;
  }

  search(root: Node): boolean {
    for (let start = 0; start <= this.#subject.length; start++) if (this.#match(root, start, () => true)) return true;
    return false;
  }

  #match(node: Node, at: number, next: Next): boolean {
    switch (node.type) {
      case "text":
        return this.#text(node.text, at, next);
      case "set":
        return this.#takes(node.set, at) && next(at + 1);
      case "repeat":
        return this.#repeat(node, 0, at, next);
      case "optional":
        return node.js === "??"
          ? next(at) || this.#match(node.node, at, next)
          : this.#match(node.node, at, next) || next(at);
      case "group":
        return this.#match(node.node, at, next);
      case "alternatives":
        return node.nodes.some((branch) => this.#match(branch, at, next));
      case "sequence":
        return this.#sequence(node.nodes, 0, at, next);
      case "begin":
        this.steps++;
        return at === 0 && next(at);
      case "end":
        this.steps++;
        return at === this.#subject.length && next(at);
    }
  }

  #takes(set: Uint8Array, at: number): boolean {
    this.steps++;
    return at < this.#subject.length && set[this.#subject.charCodeAt(at)] === 1;
  }

  #text(text: string, start: number, next: Next): boolean {
    for (let i = 0; i < text.length; i++) {
      this.steps++;
      if (this.#subject[start + i] !== text[i]) return false;
    }
    return next(start + text.length);
  }

  #repeat(node: Node & { type: "repeat" }, count: number, at: number, next: Next): boolean {
    const more = (): boolean =>
      count < node.max && this.#takes(node.set, at) && this.#repeat(node, count + 1, at + 1, next);
    if (count < node.min) return more();
    return /[*+?}][?]$/.test(node.js) ? next(at) || more() : more() || next(at);
  }

  #sequence(nodes: readonly Node[], i: number, at: number, next: Next): boolean {
    const node = nodes[i];
    return node === undefined ? next(at) : this.#match(node, at, (to) => this.#sequence(nodes, i + 1, to, next));
  }
}

const atom = fc.constantFrom("a", "b", "[ab]", "[^a]", "[^/]", ".", "/", "ab", "aa");
const piece = fc
  .tuple(atom, fc.constantFrom("", "", "*", "*", "+", "*?", "+?", "?", "??", "{0,3}", "{2}", "{1,}", "{0,2}?"))
  .map(([text, quantifier]) => text + quantifier);
const run = fc.array(piece, { minLength: 1, maxLength: 4 }).map((pieces) => pieces.join(""));
const part = fc.oneof(
  run,
  fc.tuple(run, run, fc.constantFrom("", "", "?", "??")).map(([a, b, quantifier]) => `(${a}|${b})${quantifier}`),
  fc.tuple(run, run, run).map(([a, b, c]) => `((${a}|${b})${c}|${b})`),
  fc.tuple(run, fc.constantFrom("?", "??")).map(([a, quantifier]) => `(?:${a})${quantifier}`),
);
const pattern = fc
  .tuple(
    fc.constantFrom("^", "^", "^", ""),
    fc.array(part, { minLength: 1, maxLength: 3 }),
    fc.constantFrom("", "$", "/", "b"),
  )
  .map(([begin, parts, end]) => begin + parts.join("") + end);
const subject = fc
  .array(fc.tuple(fc.constantFrom("a", "b", "/", "ab", "aab"), fc.integer({ min: 1, max: 20 })), { maxLength: 4 })
  .map((runs) => runs.map(([text, count]) => text.repeat(count)).join(""));

test("a backtracking engine takes no more steps than estimated", () => {
  let used = 0;
  let starred = 0;
  const check = fc.property(pattern, fc.array(subject, { minLength: 1, maxLength: 5 }), (text, subjects) => {
    const parsed = parseSimpleRegexp(text);
    if (parsed === null || analyseRegexp(text) === null) return;
    used++;
    if (/[*+]|,[}]/.test(text)) starred++;
    const { once, perCharacter } = estimateWork(parsed.node);
    for (const one of subjects) {
      const matcher = new CountingMatcher(one);
      const matches = matcher.search(parsed.node);
      assert.equal(matches, new RegExp(text).test(one), `${text} on ${one}`);
      const most = once + perCharacter * (one.length + 1);
      assert.ok(matcher.steps <= most, `${text} on ${one}: ${matcher.steps} steps, estimated ${most}`);
    }
  });
  fc.assert(check, { numRuns: 20_000 });
  assert.ok(used > 2000 && starred > 1000, `${used} patterns, ${starred} with unbounded repetitions`);
});

test("which patterns have a fast path", () => {
  const fast = [
    "^(app[.]example[.]org[.]?(:[0-9]+)?)$",
    "^(a[.]b[.]?(:[0-9]+)?|c[.]d[.]?(:[0-9]+)?)$",
    "[.](png|webp)$",
    "^/api/[^/]+/items/[^/]+$",
    "^/(a|b)/.*",
    "(?i)^shop[.]",
    "a?b?c?",
    "",
    "^a*?b$",
    "x".repeat(250),
    `^(${Array.from({ length: 400 }, (_, i) => `name${i}[.]example`).join("|")})$`,
  ];
  // Several repetitions that can share characters, a repetition that starts anywhere, nesting: the built-in engine may take long.
  const slow = [
    "^.*a.*b$",
    "a+b",
    "(a+)+$",
    "^(a|b)*$",
    "^(a?){20}b",
    "^[a-z]*[a-z]*$",
    "^(a*|b)a*d",
    "\\bx",
    "(?s).",
    "[[:alpha:]]",
    "\u00e9",
    "a^b",
    // Linear, but with too large a factor.
    "[a-z]{0,31}[a-z]{0,31}x",
    `${"a{64}".repeat(10)}b`,
    "x".repeat(251),
    `^${"(a|a)".repeat(30)}$`,
    `^${"a{64}".repeat(300)}b`,
    `^[^/]*(${Array.from({ length: 200 }, (_, i) => `/${i}`).join("|")})$`,
  ];
  for (const text of fast) assert.ok(analyseRegexp(text) !== null, text);
  for (const text of slow) assert.equal(analyseRegexp(text), null, text);
});
