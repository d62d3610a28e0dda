import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { toByteString } from "./bytes.ts";
import { decodeUtf8, decodeWithOffsets } from "./utf8.ts";

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
  for (const [bytes, text] of cases) assert.equal(decodeUtf8(bytes), text, JSON.stringify(bytes));
});

test("valid text comes back, and offsets cut it where its characters begin", () => {
  fc.assert(
    fc.property(fc.string({ unit: "grapheme" }), (text) => {
      const bytes = toByteString(text);
      const decoded = decodeWithOffsets(bytes);
      assert.equal(decoded.text, text);
      assert.equal(decodeUtf8(bytes), text);
      let unit = 0;
      for (const char of text) {
        const next = unit + char.length;
        assert.equal(bytes.slice(decoded.offsets[unit], decoded.offsets[next]), toByteString(char));
        unit = next;
      }
    }),
  );
});
