import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import {
  deleteQueryValue,
  encodeQuery,
  escapeQuery,
  firstQueryValue,
  isValidQuery,
  parseQuery,
  setQueryValue,
  someQueryValue,
  unescapeQuery,
} from "./query.ts";

test("parses pairs", () => {
  const cases: [query: string, pairs: [string, string][]][] = [
    ["", []],
    ["a", [["a", ""]]],
    ["a=", [["a", ""]]],
    ["=1", [["", "1"]]],
    ["&&a=1&", [["a", "1"]]],
    ["a=1=2", [["a", "1=2"]]],
    ["a+b=%31+2", [["a b", "1 2"]]],
    ["a=%C3%A9", [["a", "\xc3\xa9"]]],
    ["a=1;b=2&c=3", [["c", "3"]]],
    ["a=%zz&b=%4&c=%&d=1", [["d", "1"]]],
    ["%zz=1&a=1", [["a", "1"]]],
    ["a[]=1", [["a[]", "1"]]],
  ];
  for (const [query, pairs] of cases) assert.deepEqual(parseQuery(query), pairs, query);
});

test("too many pairs drop all", () => {
  assert.equal(parseQuery(`${"&".repeat(9999)}a`).length, 1);
  assert.equal(parseQuery(`${"&".repeat(10_000)}a`).length, 0);
  assert.ok(isValidQuery("&".repeat(9999)));
  assert.ok(!isValidQuery("&".repeat(10_000)));
});

test("validity", () => {
  for (const query of ["", "a", "&&", "a=%41", "a==", "a[]=1", "%41=b", "a=\xff", "a=b?c"])
    assert.ok(isValidQuery(query), query);
  for (const query of [";", "a;b", "a=1&b;", "%", "a=%4", "a=%4&b", "a=%zz", "%4=1", "a=%%41"])
    assert.ok(!isValidQuery(query), query);
});

test("a query is valid exactly when no pair is dropped", () => {
  const query = fc
    .array(fc.constantFrom("a", "1", "=", "&", "%", "%41", ";", "+"), { maxLength: 10 })
    .map((parts) => parts.join(""));
  fc.assert(
    fc.property(query, (text) => {
      const pairs = text.split("&").filter((pair) => pair !== "").length;
      assert.equal(isValidQuery(text), parseQuery(text).length === pairs, text);
    }),
    { numRuns: 2000 },
  );
});

test("single values", () => {
  assert.equal(firstQueryValue("a=1&a=2", "a"), "1");
  assert.equal(firstQueryValue("a=1", "A"), undefined);
  assert.equal(firstQueryValue("a", "a"), "");
  assert.ok(someQueryValue("a=1&a=2", "a", (value) => value === "2"));
  assert.ok(!someQueryValue("b=2", "a", () => true));
});

test("writes sorted and escaped", () => {
  assert.equal(
    encodeQuery([
      ["b", "2"],
      ["a", "x y"],
      ["b", "1"],
      ["", ""],
    ]),
    "=&a=x+y&b=2&b=1",
  );
  assert.equal(escapeQuery("aZ0-_.~ /?&=%\xc3\xa9"), "aZ0-_.~+%2F%3F%26%3D%25%C3%A9");
  assert.equal(setQueryValue("b=1&a=2&a=3&c", "a", "&"), "a=%26&b=1&c=");
  assert.equal(deleteQueryValue("b=1&a=2&a=3&c;=1", "a"), "b=1");
});

test("what is written reads back", () => {
  const bytes = fc
    .array(fc.integer({ min: 0, max: 255 }), { maxLength: 6 })
    .map((codes) => String.fromCharCode(...codes));
  fc.assert(
    fc.property(fc.array(fc.tuple(bytes, bytes), { maxLength: 5 }), (pairs) => {
      const query = encodeQuery(pairs);
      assert.ok(isValidQuery(query));
      assert.deepEqual(
        parseQuery(query),
        [...pairs].sort((a, b) => (a[0] < b[0] ? -1 : a[0] > b[0] ? 1 : 0)),
      );
    }),
  );
  fc.assert(fc.property(bytes, (text) => assert.equal(unescapeQuery(escapeQuery(text)), text)));
});
