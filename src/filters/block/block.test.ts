// Behaviour of blockContent and blockContentHex (spec filters 7.5): what they find however the body is cut, what they let through,
// and how much they hold.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { FakeContext, type FakeRequest, fakeEnv, makeFilters, runChain } from "../../../test/support/fake-context.ts";
import { BodyBlocked } from "../../spec/context.ts";
import { BodyBlocker } from "./blocker.ts";

const post = (...body: readonly string[]): FakeRequest => ({ method: "POST", body });

describe("found and not found", () => {
  for (const [chain, body, isBlocked] of [
    ['blockContent("evil")', "so evil", true],
    ['blockContent("evil")', "so Evil", false],
    ['blockContent("a", "evil")', "evil", true],
    ['blockContent("evil", "a")', "ba", true],
    ['blockContent("evil")', "evi", false],
    ['blockContent("")', "x", true],
    ['blockContent("aab")', "aaab", true],
    ['blockContent("ü")', "\xc3\xbc", true],
    ['blockContent("ü")', "\xfc", false],
    ['blockContent("a.c")', "abc", false],
    ['blockContentHex("00fF")', "a\x00\xffb", true],
    ['blockContentHex("00ff")', "00ff", false],
    ['blockContentHex("")', "x", true],
    ['blockContentHex("61", "62")', "xb", true],
    // What the filters to the left made of the body counts.
    ['sedRequest("x", "evil") -> blockContent("evil")', "axa", true],
    ['blockContent("evil") -> sedRequest("x", "evil")', "axa", false],
    ['blockContent("b") -> blockContent("a")', "a", true],
  ] as const) {
    test(`${chain} on ${JSON.stringify(body)}`, async () => {
      for (const pieces of [[body], [...body]]) {
        if (isBlocked) await assert.rejects(runChain(chain, post(...pieces)), BodyBlocked);
        else await runChain(chain, post(...pieces));
      }
    });
  }

  test("a request without a body is left alone", async () => {
    const headers = [["Content-Length", "0"]] as const;
    const { ctx, requestHeaders } = await runChain('blockContent("") -> blockContentHex("")', { headers });
    assert.deepEqual([ctx.requestTransforms, requestHeaders], [[], { "content-length": ["0"] }]);
  });

  test("the length is not passed on", async () => {
    const request = { ...post("fine"), headers: [["Content-Length", "4"]] as const };
    const { requestHeaders, requestBody } = await runChain('blockContent("evil")', request);
    assert.deepEqual([requestHeaders, requestBody], [{}, "fine"]);
  });
});

/** What comes out of a blocker, piece by piece; null when the body was blocked. */
function passed(texts: readonly string[], limit: number, pieces: readonly string[]): string[] | null {
  const blocker = new BodyBlocker(
    texts.map((text) => Buffer.from(text, "latin1")),
    limit,
  );
  const out: string[] = [];
  const take = (bytes: Uint8Array | null) => out.push(bytes === null ? "" : Buffer.from(bytes).toString("latin1"));
  try {
    for (const piece of pieces) {
      const bytes = blocker.write(Buffer.from(piece, "latin1"));
      // An empty chunk would end the request body.
      assert.notEqual(bytes?.length, 0);
      take(bytes);
    }
    take(blocker.end());
  } catch (error) {
    assert.ok(error instanceof BodyBlocked, String(error));
    return null;
  }
  return out;
}

test("with any limit and any cut: the whole body, or none of a text", () => {
  const letters = fc.constantFrom("a", "b", "c");
  const text = fc.array(letters, { minLength: 1, maxLength: 6 }).map((list) => list.join(""));
  const body = fc.array(fc.array(letters, { minLength: 1, maxLength: 5 }).map((list) => list.join("")));
  fc.assert(
    fc.property(fc.array(text, { minLength: 1, maxLength: 3 }), fc.nat(12), body, (texts, limit, pieces) => {
      const whole = pieces.join("");
      const isBlocked = texts.some((one) => whole.includes(one));
      assert.equal(passed(texts, limit, pieces) === null, isBlocked);
      if (!isBlocked) assert.equal(passed(texts, limit, pieces)!.join(""), whole);
      for (let at = 1; at < whole.length; at++) {
        const cut = passed(texts, limit, [whole.slice(0, at), whole.slice(at)]);
        assert.deepEqual(cut === null ? null : cut.join(""), isBlocked ? null : whole, `cut at ${at}`);
      }
    }),
    { numRuns: 500 },
  );
});

test("up to the limit nothing goes on before the end; beyond it all but the beginning of a text does", () => {
  assert.deepEqual(passed(["evil"], 6, ["abc", "def"]), ["", "", "abcdef"]);
  assert.deepEqual(passed(["evil"], 6, ["abc", "defg", "h", "ijkl"]), ["", "abcd", "e", "fghi", "jkl"]);
  assert.deepEqual(passed(["e"], 2, ["abc", "d"]), ["abc", "d", ""]);
  assert.deepEqual(passed(["longer than the limit"], 2, ["abc", "d", "f"]), ["", "", "", "abcdf"]);
});

test("an empty chunked body has the empty text and no other", () => {
  assert.equal(passed([""], 10, []), null);
  assert.deepEqual(passed(["a"], 10, []), [""]);
});

test("a limit from the flag, and a body in single bytes costs what its bytes cost", () => {
  const options = { ...fakeEnv().options, maxMatcherBufferBytes: 1_000_000 };
  const filter = makeFilters('blockContent("evil")', { ...fakeEnv(), options })[0]!;
  const ctx = new FakeContext(post("declared"));
  filter.request!(ctx);
  const blocker = ctx.requestTransforms[0]!;
  const piece = Buffer.from("a");
  const before = process.memoryUsage();
  for (let i = 0; i < 1_000_000; i++) assert.equal(blocker.write(piece), null);
  const after = process.memoryUsage();
  // Above all: no object for each piece.
  const grown = after.arrayBuffers - before.arrayBuffers;
  assert.ok(grown < 20_000_000, `${grown} bytes of buffers`);
  assert.equal((blocker.write(piece) as Uint8Array).length, 1_000_001 - "vil".length);
  assert.equal((blocker.end() as Uint8Array).length, "vil".length);
});
