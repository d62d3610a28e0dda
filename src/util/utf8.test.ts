import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { decodeUtf8 } from "./utf8.ts";

test("each invalid byte is one replacement character", () => {
  const cases: [bytes: string, text: string][] = [
    ["\xff", "\ufffd"],
    ["\xe2\x82", "\ufffd\ufffd"],
    ["\xc0\x80", "\ufffd\ufffd"],
    ["\xed\xa0\x80", "\ufffd\ufffd\ufffd"],
    ["\xf4\x90\x80\x80", "\ufffd\ufffd\ufffd\ufffd"],
    ["\xe2\x82\xaca\xe2", "\u20aca\ufffd"],
    ["\xef\xbf\xbd", "\ufffd"],
    ["\xef\xbb\xbfa", "\ufeffa"],
  ];
  for (const [bytes, text] of cases)
    assert.equal(decodeUtf8(Buffer.from(bytes, "latin1")), text, JSON.stringify(bytes));
});

test("valid text comes back, also around what is not valid", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const bytes = Buffer.from(text);
      assert.equal(decodeUtf8(bytes), text);
      assert.equal(
        decodeUtf8(Buffer.concat([Buffer.of(0xff), bytes, Buffer.of(0xf0, 0x9f)])),
        `\ufffd${text}\ufffd\ufffd`,
      );
    }),
  );
});
