// The sets that stand in code-pages.ts itself, against what is known of them; the others are those of TextDecoder.

import assert from "node:assert/strict";
import { test } from "node:test";
import { codePage, codePageNames, encodeCodePage } from "./code-pages.ts";

test("all 41 sets are there, each with one byte for a character", () => {
  assert.equal(codePageNames.length, 41);
  for (const name of codePageNames) {
    const page = codePage(name)!;
    assert.equal(new Set(page.values()).size, page.size, name);
    assert.ok(page.size > 200, `${name}: ${page.size}`);
    if (!/^CodePage(037|1047|1140)$/.test(name)) assert.equal(encodeCodePage(page, "az09~"), "az09~", name);
  }
});

test("other names are unknown", () => {
  for (const name of ["iso8859_1", "ISO8859_11", "ISO8859_12", "UTF8", "toString", ""])
    assert.equal(codePage(name), null);
});

for (const [name, text, bytes] of [
  ["CodePage037", "Hello [^] ¬", "\xc8\x85\x93\x93\x96\x40\xba\xb0\xbb\x40\x5f"],
  ["CodePage1047", "Hello [^] ¬", "\xc8\x85\x93\x93\x96\x40\xad\x5f\xbd\x40\xb0"],
  ["CodePage1140", "1€", "\xf1\x9f"],
  ["CodePage437", "é░ß≥\xa0", "\x82\xb0\xe1\xf2\xff"],
  ["CodePage850", "éÁı", "\x82\xb5\xd5"],
  ["CodePage852", "čŁţ", "\x9f\x9d\xee"],
  ["CodePage855", "ёЯ№", "\x84\xe0\xef"],
  ["CodePage858", "é€", "\x82\xd5"],
  ["CodePage860", "ãÒ", "\x84\xa9"],
  ["CodePage862", "את", "\x80\x9a"],
  ["CodePage863", "Â¾", "\x84\xad"],
  ["CodePage865", "ø¤", "\x9b\xaf"],
  ["CodePage866", "Ая", "\x80\xef"],
  ["ISO8859_1", "\x80ÿ", "\x80\xff"],
  ["ISO8859_9", "\x80Ğı", "\x80\xd0\xfd"],
  ["ISO8859_16", "Șț", "\xaa\xfe"],
  ["Windows874", "ก€", "\xa1\x80"],
  ["MacintoshCyrillic", "Я", "\x9f"],
] as const) {
  test(`${name}: ${JSON.stringify(text)}`, () => {
    assert.equal(encodeCodePage(codePage(name)!, text), bytes);
  });
}
