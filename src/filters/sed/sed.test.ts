// Behaviour of the sed filters (spec filters 7.4): tables over whole bodies, and the editor against a plain edit of the whole body,
// the input cut at every byte.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { type FakeRequest, makeFilters, runChain } from "../../../test/support/fake-context.ts";
import { type FilterCase, testFilters } from "../../../test/support/filter-table.ts";
import type { Transformed } from "../../spec/context.ts";
import type { Filter } from "../../spec/filter.ts";
import { toByteString } from "../../util/bytes.ts";
import { compileRegexp, RegexpError } from "../../util/regexp.ts";
import { BodyEditor, type EditorSettings } from "./editor.ts";

function editor(pattern: string, replacement: string, more: Partial<EditorSettings> = {}): BodyEditor {
  const compiled = compileRegexp(pattern);
  assert.ok(!(compiled instanceof RegexpError));
  const settings = { pattern: compiled, replacement, delimiter: "", maxBytes: 2_097_152, handling: "best-effort" };
  return new BodyEditor({ ...settings, ...more } as EditorSettings);
}

/** What comes out, also when it breaks off. All texts are byte strings. */
function edited(edit: BodyEditor, pieces: readonly string[]): string {
  let out = "";
  const take = (bytes: Transformed): void => {
    if (bytes === null) return;
    assert.ok(bytes instanceof Uint8Array, "a body as small as this comes at once");
    assert.notEqual(bytes.length, 0, "no empty piece");
    out += Buffer.from(bytes).toString("latin1");
  };
  for (const piece of pieces) take(edit.write(Buffer.from(piece, "latin1")));
  take(edit.end());
  return out;
}

const replaced = (chain: string, body: string, expected: string): FilterCase => ({
  title: JSON.stringify(body.length > 40 ? `${body.slice(0, 40)}...` : body),
  chain,
  answer: { headers: [["Content-Length", String(body.length)]], body: [toByteString(body)] },
  expect: { headers: {}, body: toByteString(expected) },
});

describe("replacement", () => {
  testFilters([
    replaced('sed("foo", "x")', "foofoo foo.", "xx x."),
    replaced('sed("f(o+)", "<$1>${1}$$")', "foo f.", "<$1>${1}$$ f."),
    replaced('sed("a|ab", "x")', "abab", "xbxb"),
    replaced('sed("(?i)É", "e")', "é É", "e e"),
    replaced('sed("é", "€")', "é é.", "€ €."),
    replaced('sed("[^a-z ]", "?")', "a € ü.", "a ? ??"),
    replaced('sed("a*", "X")', "aab", "Xb"),
    replaced('sed("x*", "X")', "abc", "abc"),
    replaced('sed(".*", "Z")', "ab\ncd", "Z\ncd"),
    replaced('sed("", "X")', "abc", "abc"),
    replaced('sed("b", "")', "abc", "ac"),
    replaced('sed("foo", "")', "foo", ""),
    replaced('sed("foo", "x")', "", ""),
    // Anchors hold (decisions): the beginning is that of the body, and what stands in front is the real character.
    replaced('sed("^foo", "x")', "foofoo\nfoo", "xfoo\nfoo"),
    replaced('sed("^[f]oo", "x")', "foofoo", "xfoo"),
    replaced('sed("\\\\bfoo", "x")', "foofoo foo", "xfoo x"),
    replaced('sed("(?m)^foo", "x")', "foofoo\nfoo", "xfoo\nx"),
    replaced('sed("foo$", "x")', "foo\nfoo", "foo\nx"),
    replaced('sed("(?m)foo$", "x")', "foo\nfoo", "x\nx"),
  ]);
});

describe("by chunks", () => {
  testFilters([
    replaced('sedDelim("a\\nb", "x", "\\n")', "a\nb a\nb", "a\nb a\nb"),
    replaced('sedDelim("a\\n", "x", "\\n")', "a\nba\n", "xbx"),
    replaced('sedDelim("^a", "x", ",")', "aa,ab,a", "xa,xb,x"),
    replaced('sedDelim("a$", "x", ",")', "a,a,a", "a,a,x"),
    replaced('sedDelim("a+,$", "x", ",")', "aa,a,a", "xxa"),
    replaced('sedDelim("a*", "x", ",")', "ab,aa,b", "xb,x,b"),
    replaced('sedDelim("b", "x", "ab")', "aabbab", "aaxxax"),
    replaced('sedDelim("b", "x", "ü")', "büb", "xüx"),
    replaced('sedDelim("foo", "x", "")', "foo foo", "x x"),
    replaced('sedDelim("foo", "", "\\n")', "foo", ""),
  ]);
});

describe("requests", () => {
  const body = (text: string): FakeRequest => ({
    method: "POST",
    headers: [["Content-Length", String(text.length)]],
    body: [...text],
  });
  testFilters([
    {
      title: "a length that no longer holds goes",
      chain: 'sedRequest("foo", "x")',
      request: body("a foo foo"),
      expect: { requestHeaders: {}, requestBody: "a x x" },
    },
    {
      title: "by chunks",
      chain: 'sedRequestDelim("^a", "x", ",")',
      request: body("aa,ab"),
      expect: { requestHeaders: {}, requestBody: "xa,xb" },
    },
    {
      title: "the left one edits first",
      chain: 'sedRequest("a", "b") -> sedRequest("b", "c")',
      request: body("a b"),
      expect: { requestBody: "c c" },
    },
    {
      title: "responses: the right one edits first",
      chain: 'sed("b", "c") -> sed("a", "b")',
      answer: { body: ["a b"] },
      expect: { body: "c c" },
    },
    {
      title: "each phase its own",
      chain: 'sedRequest("a", "1") -> sed("a", "2")',
      request: body("a"),
      answer: { body: ["a"] },
      expect: { requestBody: "1", body: "2" },
    },
    {
      title: "an encoding is not looked at",
      chain: 'sed("a", "b")',
      answer: { headers: [["Content-Encoding", "gzip"]], body: ["a"] },
      expect: { headers: { "content-encoding": "gzip" }, body: "b" },
    },
  ]);
});

describe("the limit of what is kept", () => {
  for (const [chain, body, expected] of [
    // Reads of five bytes, one, then two: at 15 bytes more is kept than allowed, and what was kept is done with.
    ['sed("zzz[a-z]*", "W", 5)', `${"x".repeat(13)}zzz`, `${"x".repeat(13)}zzz`],
    ['sed("a+", "W", 5, "best-effort")', "a".repeat(16), "WW"],
    ['sedDelim("a+", "W", "\\n", 5, "best-effort")', `${"a".repeat(16)}\na`, "WW\nW"],
    ['sed("a+", "W", 5.9)', "a".repeat(16), "WW"],
    ['sed("a+", "W", 0)', "a".repeat(16), "W"],
    ['sed("a+", "W", 0.5)', "a".repeat(16), "W"],
    ['sed("a+", "W", -1)', "a".repeat(16), "W"],
    ['sed("a+", "W", 16, "abort")', "a".repeat(16), "W"],
    ['sed("foo", "x", 3, "abort")', "foo foo foo ba", "x x x ba"],
  ] as const) {
    test(`${chain} on ${body}`, async () => assert.equal((await runChain(chain, {}, { body: [body] })).body, expected));
  }

  test("abort breaks the body off", async () => {
    for (const chain of ['sed("a+", "W", 5, "abort")', 'sedDelim("b", "W", "\\n", 5, "abort")']) {
      await assert.rejects(runChain(chain, {}, { body: ["a".repeat(16)] }), /more than 5 bytes/);
    }
    const request = { method: "POST", body: ["a".repeat(16)] };
    await assert.rejects(runChain('sedRequest("a+", "W", 5, "abort")', request), /more than 5 bytes/);
  });

  test("a character on the border of what is edited at once stays one", () => {
    const limit = 8192;
    // The second round, of two reads, passes the limit.
    const border = 3 * limit;
    for (let before = border - 4; before <= border; before++) {
      const out = edited(editor("[^a]", "?", { maxBytes: limit }), [toByteString(`${"a".repeat(before)}€a`)]);
      assert.deepEqual([out.indexOf("?"), out.length], [before, before + 2]);
    }
  });

  test("small reads first do not let a long round keep more, and what is given comes in small pieces", async () => {
    const edit = editor("b", "x", { maxBytes: 65_536 });
    let given = 0;
    const take = async (result: Transformed): Promise<void> => {
      assert.ok(!(result instanceof Promise));
      const pieces = result === null ? [] : result instanceof Uint8Array ? [result] : await Array.fromAsync(result);
      for (const piece of pieces) {
        assert.ok(piece.length <= 65_536);
        given += piece.length;
      }
    };
    for (let i = 0; i < 100_000; i++) await take(edit.write(Buffer.from("a")));
    const piece = Buffer.alloc(8192, "a");
    for (let i = 0; i < 1000; i++) await take(edit.write(piece));
    const came = 100_000 + 1000 * 8192;
    assert.ok(came - given < 3 * 65_536, `${came - given} bytes are kept`);
    await take(edit.end());
    assert.equal(given, came);
  });
});

/** Patterns for which no cut matters: as soon as a match ends before the end of what came, nothing that follows can change it. */
const steady = [
  "foo",
  "f+",
  "fo*",
  "[fo]+b?",
  "(?i)FOO",
  "^foo",
  "^f",
  "foo$",
  "(?m)^f",
  "(?m)o$",
  "\\bfoo",
  "\\Bo",
  "o\\b",
  "foo|ba+r",
  "é",
  "[^a-z]",
  "€+",
  ".",
  "\\n+",
  "f[^o]*o",
  "\u{1f600}|é",
] as const;

const texts = fc
  .array(fc.constantFrom("f", "o", "foo", "b", "ar", "baar", "\n", " ", "é", "€", "\u{1f600}", "F"), { maxLength: 12 })
  .map((parts) => parts.join(""));

/** The edit of a whole text by the built-in engine, which knows these patterns in the same meaning. */
function whole(pattern: string, text: string, replacement: string): string {
  const flags = /^\(\?([im])\)/.exec(pattern);
  const source = flags === null ? pattern : pattern.slice(flags[0].length);
  return text.replace(new RegExp(source, `gu${flags?.[1] ?? ""}`), () => replacement);
}

describe("against an edit of the whole", () => {
  for (const pattern of steady) {
    test(`${pattern}: however the body is cut`, () => {
      fc.assert(
        fc.property(texts, fc.constantFrom("", "X", "€", "foo"), (text, replacement) => {
          const bytes = toByteString(text);
          const expected = toByteString(whole(pattern, text, replacement));
          const edit = () => editor(pattern, toByteString(replacement));
          assert.equal(edited(edit(), [bytes]), expected);
          assert.equal(edited(edit(), [...bytes]), expected, "byte by byte");
          for (let at = 1; at < bytes.length; at++) {
            assert.equal(edited(edit(), [bytes.slice(0, at), bytes.slice(at)]), expected, `cut at ${at}`);
          }
        }),
        { numRuns: 60 },
      );
    });
  }

  test("by chunks, however the body is cut", () => {
    const patterns = fc.constantFrom("foo", "^f", "o$", "f.*o", "fo|foo", "[^a-z]", "o?b", "f|o,", ",");
    fc.assert(
      fc.property(
        patterns,
        texts,
        fc.constantFrom("\n", " ", "oo", "é"),
        fc.boolean(),
        (pattern, text, delimiter, fine) => {
          const bytes = toByteString(text);
          const parts = text.split(delimiter);
          const chunks = parts.map((part, i) => (i < parts.length - 1 ? part + delimiter : part));
          const expected = toByteString(chunks.map((chunk) => whole(pattern, chunk, "X")).join(""));
          const edit = () => editor(pattern, "X", { delimiter: toByteString(delimiter) });
          assert.equal(edited(edit(), fine ? [...bytes] : [bytes]), expected);
          for (let at = 1; at < bytes.length; at++) {
            assert.equal(edited(edit(), [bytes.slice(0, at), bytes.slice(at)]), expected, `cut at ${at}`);
          }
        },
      ),
    );
  });

  test("no byte is lost or doubled, with any limit and any cut", () => {
    const pieces = fc.array(fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes).toString("latin1")));
    fc.assert(
      fc.property(
        pieces,
        fc.integer({ min: 1, max: 60 }),
        fc.constantFrom("", "\n", "a"),
        (body, maxBytes, delimiter) => {
          // A match is put back as it was, so the body must come out as it went in.
          assert.equal(edited(editor("a", "a", { maxBytes, delimiter }), body), body.join(""));
        },
      ),
    );
  });
});

test("an editor is made for each message, so that requests do not share what they keep", () => {
  const made: unknown[] = [];
  const take = (transform: unknown) => made.push(transform);
  const filter: Filter = makeFilters('sed("a", "b")')[0]!;
  const ctx = { response: { headers: { delete() {} } }, transformResponseBody: take };
  filter.response!(ctx as never);
  filter.response!(ctx as never);
  assert.notEqual(made[0], made[1]);
});
