// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the syntax of expansions
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { RE2JS } from "re2js";
import { toByteString } from "./bytes.ts";
import { CompiledRegexp, compileRegexp, RegexpError } from "./regexp.ts";
import { parseExpansion } from "./regexp-expansion.ts";
import { analyseRegexp } from "./regexp-fast-path.ts";

function compiled(pattern: string): CompiledRegexp {
  const result = compileRegexp(pattern);
  assert.ok(result instanceof CompiledRegexp, `${pattern}: ${(result as RegexpError).message}`);
  return result;
}

test("refuses what RE2 refuses, in its words", () => {
  const cases: [pattern: string, message: string][] = [
    ["[a", "error parsing regexp: missing closing ]: `[a`"],
    ["(a", "error parsing regexp: missing closing ): `(a`"],
    ["a)", "error parsing regexp: unexpected ): `a)`"],
    ["*a", "error parsing regexp: missing argument to repetition operator: `*`"],
    ["a**", "error parsing regexp: invalid nested repetition operator: `**`"],
    ["a++", "error parsing regexp: invalid nested repetition operator: `++`"],
    ["a{1001}", "error parsing regexp: invalid repeat count: `{1001}`"],
    ["(?=a)", "error parsing regexp: invalid or unsupported Perl syntax: `(?=`"],
    ["\\1", "error parsing regexp: invalid escape sequence: `\\1`"],
    ["\\Z", "error parsing regexp: invalid escape sequence: `\\Z`"],
    ["[b-a]", "error parsing regexp: invalid character class range: `b-a`"],
  ];
  for (const [pattern, message] of cases) {
    const result = compileRegexp(pattern);
    assert.ok(result instanceof RegexpError, pattern);
    assert.equal(result.message, message);
  }
  for (const pattern of ["(?<=a)b", "(?<!a)b", "(?>a)", "(?z)", "\\pX", "a\\"]) {
    assert.ok(compileRegexp(pattern) instanceof RegexpError, pattern);
  }
  const deep = compileRegexp("(".repeat(200_000));
  assert.ok(deep instanceof RegexpError);
  assert.match(deep.message, /^error parsing regexp: /);
});

test("the dialect of spec matching 14", () => {
  const cases: [pattern: string, subject: string, expected: boolean][] = [
    ["", "", true],
    ["a.c", "a\nc", false],
    ["a.c", "a\rc", true],
    ["(?s)a.c", "a\nc", true],
    ["a$", "a\n", false],
    ["(?m)a$", "a\n", true],
    ["\\s", "\u000b", false],
    ["[[:alpha:]]+", "ab", true],
    ["\\Qa.b\\E", "a.b", true],
    ["\\Aab\\z", "ab", true],
    ["\\x41\\x{1F600}", "A\u{1F600}", true],
    ["\\123", "S", true],
    ["^.$", "\u00e9", true],
    ["^.$", "\u{1F600}", true],
    ["(?i)stra\u00dfe", "STRA\u1e9eE", true],
    ["(?i)k", "\u212a", true],
    ["(?i)^ab$", "aB", true],
    ["a(?i:b)c", "aBc", true],
    ["^\\pL+$", "\u00e9a", true],
    ["\\b\u00e9", "\u00e9", false],
    ["(?P<n>a)(?<m>b)", "ab", true],
    ["^[^a]$", "\u00e9", true],
    ["^\\W$", "\u00e9", true],
  ];
  for (const [pattern, subject, expected] of cases) {
    assert.equal(compiled(pattern).test(toByteString(subject)), expected, `${pattern} on ${JSON.stringify(subject)}`);
  }
});

test("an invalid byte counts as one U+FFFD", () => {
  assert.ok(compiled("^\ufffd\ufffd$").test("\xe2\x82"));
  assert.ok(compiled("^.a$").test("\xffa"));
  assert.ok(compiled("^[^x]{3}$").test("\xed\xa0\x80"), "a surrogate is three invalid bytes");
  assert.ok(!compiled("\ufffd").test("\xc3\xa9"));
});

test("equal patterns share one object", () => {
  assert.equal(compileRegexp("^shared(a|b)[^c]$"), compileRegexp("^shared(a|b)[^c]$"));
});

test("matches give bytes and groups", () => {
  const match = compiled("(\u00e9+)(x)?").exec("a\xc3\xa9\xc3\xa9");
  assert.deepEqual(match && [match.start, match.end, ...match.groups], [
    1,
    5,
    "\xc3\xa9\xc3\xa9",
    "\xc3\xa9\xc3\xa9",
    undefined,
  ]);
  assert.equal(compiled("b").exec("a"), null);
});

test("a long subject without a match costs no search for groups", () => {
  const engine = RE2JS.compile("(?i)[\\pL\\pN]{1000}x");
  const pattern = new CompiledRegexp("", null, null, engine);
  engine.matcher = () => assert.fail("searched for groups");
  assert.equal(pattern.exec("a".repeat(5000)), null);
  assert.equal(pattern.replaceAll("a".repeat(5000), parseExpansion("b")).length, 5000);
  assert.throws(() => pattern.exec(`${"a".repeat(5000)}x`), /searched for groups/);
});

test("expansion of replacements", () => {
  const cases: [pattern: string, subject: string, expansion: string, expected: string][] = [
    ["a(b)c", "xabcx", "[$1]", "x[b]x"],
    ["a(b)c", "abc", "${1}x", "bx"],
    ["a(b)c", "abc", "$1x", ""],
    ["a(b)c", "abc", "$1\u00e9", ""],
    ["a(b)c", "abc", "$$1", "$1"],
    ["a(b)c", "abc", "$ $", "$ $"],
    ["a(b)c", "abc", "${", "${"],
    ["a(b)c", "abc", "${}", "${}"],
    ["a(b)c", "abc", "${1", "${1"],
    ["a(b)c", "abc", "${a-b}", "${a-b}"],
    ["a(b)c", "abc", "$0$9$01", "abc"],
    ["a(?P<mid>b)c", "abc", "<$mid|${mid}|$midx>", "<b|b|>"],
    ["a*", "baaac", "<$0>", "<>b<aaa>c<>"],
    ["", "ab", "-", "-a-b-"],
    ["x", "ab", "-", "ab"],
    ["^a", "aaa", "b", "baa"],
    ["[^/]+$", "/a/b", "c", "/a/c"],
    ["\u00e9", "a\u00e9b\u00e9", "\u00fc", "a\u00fcb\u00fc"],
    ["(a)|(b)", "ab", "[$1,$2]", "[a,][,b]"],
    ["b*", "\u00e9b", "-", "-\u00e9-"],
    ["b*", "\u{1F600}b", "-", "-\u{1F600}-"],
  ];
  for (const [pattern, subject, expansion, expected] of cases) {
    const result = compiled(pattern).replaceAll(toByteString(subject), parseExpansion(expansion));
    assert.equal(result, toByteString(expected), `${pattern} on ${subject} with ${expansion}`);
  }
});

test("bytes outside of matches stay as they are", () => {
  assert.equal(compiled("a").replaceAll("\xff\xe2\x82a\xfe", parseExpansion("b")), "\xff\xe2\x82b\xfe");
});

const piece = fc.oneof(
  {
    weight: 4,
    arbitrary: fc.constantFrom("a", "b", ".", "\\.", "[ab]", "[^a]", "[a-c.]", "\\d", "[.]", "-", "[^/]", "/"),
  },
  {
    weight: 1,
    arbitrary: fc.constantFrom(
      "^",
      "$",
      "(",
      ")",
      "|",
      "(?:",
      "[",
      "]",
      "{",
      "}",
      "\\",
      "\\w",
      "[^\\s-]",
      "[]a]",
      "[a-]",
      "\\_",
      "\\-",
      "[A-z]",
      "[^\\d]",
      "[\\]a]",
      "[a^]",
      "[ -~]",
      "}",
      "K",
    ),
  },
);
const quantified = fc
  .tuple(piece, fc.constantFrom("", "", "", "?", "+", "*", "+?", "{2}", "{1,2}", "{0,}", "{,2}", "??", "**"))
  .map(([text, quantifier]) => text + quantifier);
const run = fc.array(quantified, { maxLength: 4 }).map((parts) => parts.join(""));
const groups = fc.oneof(
  run,
  fc.tuple(run, run, fc.constantFrom("", "?")).map(([a, b, q]) => `(${a}|${b})${q}`),
  fc.tuple(run, fc.constantFrom("", "?")).map(([a, q]) => `(?:${a})${q}`),
);
const pattern = fc
  .tuple(fc.constantFrom("", "^", "(?i)", "(?i)^"), groups, groups, fc.constantFrom("", "$"))
  .map((parts) => parts.join(""));
const subject = fc
  .array(fc.constantFrom("a", "b", "A", "c", ".", "/", "-", "0", "_", "]", "^", "k", "\n", "\xc3\xa9", "\xff"), {
    maxLength: 8,
  })
  .map((c) => c.join(""));

test("the fast path and RE2 agree on every pattern and subject", () => {
  let fastPatterns = 0;
  fc.assert(
    fc.property(pattern, fc.array(subject, { minLength: 1, maxLength: 6 }), (text, subjects) => {
      const fast = analyseRegexp(text);
      if (fast === null) return;
      fastPatterns++;
      const quick = new CompiledRegexp(text, null, fast, null);
      // Must not throw: the small syntax is part of RE2's.
      const plain = new CompiledRegexp(text, null, null, RE2JS.compile(text));
      const expansion = parseExpansion("<$0|$1|$2>");
      for (const bytes of subjects) {
        assert.equal(quick.test(bytes), plain.test(bytes), `test ${text} on ${JSON.stringify(bytes)}`);
        const [got, expected] = [quick.exec(bytes), plain.exec(bytes)];
        assert.deepEqual(
          got && [...got.groups, got.start],
          expected && [...expected.groups, expected.start],
          `exec ${text} on ${JSON.stringify(bytes)}`,
        );
        assert.equal(
          quick.replaceAll(bytes, expansion),
          plain.replaceAll(bytes, expansion),
          `replace ${text} on ${JSON.stringify(bytes)}`,
        );
      }
    }),
    { numRuns: 6000 },
  );
  assert.ok(fastPatterns > 400, `only ${fastPatterns} patterns had a fast path`);
});

test("the fast path stays linear on hostile subjects", () => {
  const patterns = ["^/api/[^/]+/items/[^/]+$", "^[^.]+[.][a-z]+[.]org(:[0-9]+)?$", "^[a-z]*a$", "^(a|b|ab)[^/]*/x$"];
  const subjects = (n: number) => [
    "a".repeat(n),
    `/api/${"a".repeat(n)}/items/${"/".repeat(n)}`,
    `${"a.".repeat(n)}org`,
    "ab".repeat(n),
  ];
  for (const text of patterns) {
    const regexp = compiled(text);
    assert.ok(analyseRegexp(text) !== null, text);
    for (const long of subjects(200_000)) {
      // A quadratic one would take minutes.
      const before = process.cpuUsage();
      regexp.test(long);
      assert.ok(process.cpuUsage(before).user < 1_000_000, `${text} takes too long`);
    }
  }
});
