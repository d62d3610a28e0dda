import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { fromByteString, toByteString } from "./bytes.ts";
import { ByteOffsets, decodeUtf8 } from "./utf8.ts";

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

test("text comes back, and offsets cut it where its characters begin", () => {
  const piece = fc.oneof(
    fc.string({ unit: "grapheme" }).map(toByteString),
    fc.constantFrom("\xff", "\xe2\x82", "\xf0\x9f"),
  );
  fc.assert(
    fc.property(fc.array(piece), fc.nat(), (pieces, at) => {
      const bytes = pieces.join("");
      const text = decodeUtf8(bytes);
      const offsets = new ByteOffsets(bytes);
      let unit = 0;
      for (const char of text) {
        const next = unit + char.length;
        const cut = bytes.slice(offsets.byteOf(unit), offsets.byteOf(next));
        assert.equal(char === "\ufffd" && cut.length === 1 ? char : fromByteString(cut), char);
        assert.equal(new ByteOffsets(bytes).byteOf(next - 1), offsets.byteOf(unit), "inside of a pair");
        assert.equal(new ByteOffsets(bytes).unitOf(offsets.byteOf(next)), next);
        unit = next;
        if (unit % 3 === 0) offsets.mark();
      }
      assert.equal(offsets.byteOf(unit), bytes.length);
      const some = at % (unit + 1);
      assert.equal(offsets.byteOf(some), new ByteOffsets(bytes).byteOf(some), "back to any unit");
    }),
  );
});
