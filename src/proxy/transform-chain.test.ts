import assert from "node:assert/strict";
import { test } from "node:test";
import type { BodyTransform } from "../spec/context.ts";
import { TransformChain } from "./transform-chain.ts";

type Result = Uint8Array | null | Promise<Uint8Array | null>;

/** Puts texts around a body. */
function around(before: string, behind: string, give: (text: string) => Result = Buffer.from): BodyTransform {
  let begun = false;
  return {
    write(chunk) {
      const text = `${begun ? "" : before}${Buffer.from(chunk).toString()}`;
      begun = true;
      return give(text);
    },
    end: () => give(behind),
  };
}

/** Each piece comes later, as from a slow filter. */
const later = (text: string): Promise<Uint8Array> => Promise.resolve(Buffer.from(text));

/** What comes out of a chain for a body in pieces. */
function output(transforms: readonly BodyTransform[], pieces: readonly string[]): Promise<string> {
  return new Promise((resolve, reject) => {
    let text = "";
    const chain = new TransformChain(transforms, {
      onPiece(piece) {
        text += Buffer.from(piece).toString();
        assert.ok(text.length < 100, text);
        return true;
      },
      onEnd: () => resolve(text),
      onReady: () => {},
      onTransformFailed: reject,
    });
    for (const piece of pieces) chain.push(Buffer.from(piece));
    chain.end();
  });
}

test("what transforms give at the end passes through those behind them, once", async () => {
  const plain = () => around("<", ">");
  const slow = () => around("[", "]", later);
  const cases: [title: string, transforms: BodyTransform[], expected: string][] = [
    ["none", [], "ab"],
    ["plain", [plain(), plain()], "<<ab>>"],
    ["slow behind plain", [plain(), slow()], "[<ab>]"],
    ["plain behind slow", [slow(), plain()], "<[ab]>"],
    ["slow behind two", [plain(), plain(), slow()], "[<<ab>>]"],
    ["slow behind slow", [slow(), slow(), plain(), slow()], "[<[[ab]]>]"],
  ];
  for (const [title, transforms, expected] of cases) {
    assert.equal(await output(transforms, ["a", "b"]), expected, title);
  }
});

test("a transform gets pieces that are not longer than it wants", async () => {
  for (const give of [(text: string) => Buffer.from(text), later]) {
    const cut = (bytes: number): BodyTransform => ({
      ...around("", ".", (text) => give(`${text},`)),
      maxPieceBytes: bytes,
    });
    assert.equal(await output([cut(3)], ["abcdefgh", "i"]), "abc,def,gh,i,.,");
    assert.equal(await output([cut(3), cut(2)], ["abcd", "e"]), "ab,c,,d,,e,,.,,.,");
    assert.equal(await output([around("<<<<", ">>>>"), cut(3)], ["ab"]), "<<<,<ab,>>>,>,.,");
  }
});

test("an empty body still gets what transforms add at its end", async () => {
  assert.equal(await output([around("", "1"), around("[", "]", later)], []), "[1]");
});
