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

/** Gives each character of a piece as a piece of its own, when it is asked for. */
function spelled(asked: () => void = () => {}): BodyTransform {
  return {
    async *write(chunk) {
      for (const character of Buffer.from(chunk).toString()) {
        asked();
        yield Buffer.from(`${character},`);
      }
    },
    end: () => null,
  };
}

test("many pieces for one pass through the transforms behind them, in order", async () => {
  assert.equal(await output([spelled()], ["abc", "d"]), "a,b,c,d,");
  assert.equal(await output([spelled(), around("<", ">")], ["ab", "c"]), "<a,b,c,>");
  assert.equal(await output([spelled(), around("<", ">", later)], ["ab", "c"]), "<a,b,c,>");
  assert.equal(await output([spelled(), spelled()], ["ab"]), "a,,,b,,,");
});

test("a taker that is full gets no further piece until it has room, and the source is told then", async () => {
  let asked = 0;
  let ready = 0;
  const taken: string[] = [];
  const chain = new TransformChain([spelled(() => asked++)], {
    onPiece: (piece) => taken.push(String(Buffer.from(piece))) < 0,
    onEnd: () => taken.push("end"),
    onReady: () => ready++,
    onTransformFailed: assert.fail,
  });
  const settled = () => new Promise((resolve) => setImmediate(resolve));
  assert.equal(chain.push(Buffer.from("abc")), false);
  await settled();
  assert.deepEqual([taken, asked, ready], [["a,"], 1, 0]);
  chain.resume();
  await settled();
  assert.deepEqual([taken, asked, ready], [["a,", "b,"], 2, 0]);
  chain.resume();
  await settled();
  chain.resume();
  await settled();
  assert.deepEqual([taken, asked, ready], [["a,", "b,", "c,"], 3, 1]);
  chain.end();
  assert.deepEqual(taken.at(-1), "end");
});

test("a transform that throws, at once or later, fails the body once and lets the others go", async () => {
  const failures: ((text: string) => Uint8Array | Promise<Uint8Array>)[] = [
    () => {
      throw new Error("broken");
    },
    () => Promise.reject(new Error("broken")),
  ];
  for (const give of failures) {
    let destroyed = 0;
    const other: BodyTransform = { ...around("", ""), destroy: () => destroyed++ };
    await assert.rejects(output([other, around("", "", give)], ["a", "b"]), /broken/);
    assert.equal(destroyed, 1);
  }
});

test("an empty body still gets what transforms add at its end", async () => {
  assert.equal(await output([around("", "1"), around("[", "]", later)], []), "[1]");
});

test("an empty piece goes no further: as a chunk it would end the body", async () => {
  const pieces: number[] = [];
  await new Promise<void>((resolve, reject) => {
    const chain = new TransformChain([around("", ""), around("", "", later), spelled()], {
      onPiece: (piece) => pieces.push(piece.length) > 0,
      onEnd: resolve,
      onReady: () => {},
      onTransformFailed: reject,
    });
    chain.push(Buffer.from(""));
    chain.push(Buffer.from("a"));
    chain.end();
  });
  assert.deepEqual(pieces, [2]);
});
