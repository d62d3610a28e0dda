// encodeRequestHeader and encodeResponseHeader: which value is encoded, and what becomes of one that cannot be.

import { testFilters } from "../../../test/support/filter-table.ts";
import { toByteString } from "../../util/bytes.ts";

const text = (value: string) => ({ headers: [["X-A", toByteString(value)]] as const });

testFilters([
  {
    title: "one byte for each character",
    chain: 'encodeRequestHeader("X-A", "Windows1252")',
    request: text("grüße €"),
    expect: { requestHeaders: { "x-a": "gr\xfc\xdfe \x80" } },
  },
  {
    title: "a set that is no extension of ASCII",
    chain: 'encodeRequestHeader("X-A", "CodePage1047")',
    request: text("aZ9[]"),
    expect: { requestHeaders: { "x-a": "\x81\xe9\xf9\xad\xbd" } },
  },
  {
    title: "the first value becomes the only one",
    chain: 'encodeRequestHeader("x-a", "ISO8859_1")',
    request: {
      headers: [
        ["X-A", "1"],
        ["X-A", "2"],
      ],
    },
    expect: { requestHeaders: { "x-a": "1" } },
  },
  {
    title: "a character that the set lacks",
    chain: 'encodeRequestHeader("X-A", "ISO8859_1")',
    request: text("100 €"),
    expect: { requestHeaders: { "x-a": "" }, logged: [/^error encodeRequestHeader: header X-A .* ISO8859_1 lacks/] },
  },
  {
    title: "bytes that are no UTF-8",
    chain: 'encodeRequestHeader("X-A", "ISO8859_1")',
    request: { headers: [["X-A", "\xfc"]] },
    expect: { requestHeaders: { "x-a": "" }, logged: [/^error/] },
  },
  {
    title: "an absent and an empty header stay",
    chain: 'encodeRequestHeader("X-A", "KOI8R") -> encodeRequestHeader("X-B", "KOI8R")',
    request: { headers: [["X-B", ""]] },
    expect: { requestHeaders: { "x-b": "" }, logged: [] },
  },
  {
    title: "a response",
    chain: 'encodeResponseHeader("X-A", "KOI8R")',
    answer: text("привет"),
    expect: { headers: { "x-a": "\xd0\xd2\xc9\xd7\xc5\xd4" } },
  },
  {
    title: "a response that cannot be encoded",
    chain: 'encodeResponseHeader("X-A", "Macintosh")',
    answer: text("привет"),
    expect: { headers: { "x-a": "" }, logged: [/^error encodeResponseHeader: header X-A/] },
  },
]);
