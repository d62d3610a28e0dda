import assert from "node:assert/strict";
import { test } from "node:test";
import { parseBaggage } from "./baggage.ts";

test("members", () => {
  const cases: [line: string, members: Record<string, string> | null][] = [
    ["", null],
    ["foo=bar", { foo: "bar" }],
    [" foo = bar ;p=1; q ;; r = x", { foo: "bar" }],
    ["foo=bar;;", { foo: "bar" }],
    ["foo=bar,foo=baz", { foo: "baz" }],
    ["foo", null],
    ["foo=", { foo: "" }],
    ["foo=b%61r+%2B", { foo: "bar++" }],
    ["foo=%FF", { foo: "\xef\xbf\xbd" }],
    ["foo=%C3%A9", { foo: "\xc3\xa9" }],
    ["foo=b r", null],
    ['foo="bar"', null],
    ["foo=bar; bad key=1,x=1", { x: "1" }],
    ["foo=bar;p=%zz,x=1", { x: "1" }],
    ["=bar,x=1", { x: "1" }],
    ["foo=a=b", { foo: "a=b" }],
    ["fo o=bar", null],
    ["foo=%zz", null],
    ["foo=%4", null],
    ["foo=b\\r", null],
    ["foo=\xc3\xa9", null],
    ["bad,foo=bar,", { foo: "bar" }],
  ];
  for (const [line, members] of cases) {
    const parsed = parseBaggage([line]);
    assert.deepEqual(parsed && Object.fromEntries(parsed), members, line);
  }
});

test("several lines", () => {
  assert.deepEqual(
    [...(parseBaggage(["a=1", "b=2,a=3"]) ?? [])],
    [
      ["a", "3"],
      ["b", "2"],
    ],
  );
});

test("limits", () => {
  const many = (count: number, prefix = "k") => Array.from({ length: count }, (_, i) => `${prefix}${i}=1`).join(",");
  assert.equal(parseBaggage([many(70)])?.size, 64);
  assert.ok(parseBaggage([many(70)])?.has("k63"));
  assert.ok(!parseBaggage([`${many(64)},k64=1,k0=2`])?.has("k64"));
  assert.equal(parseBaggage([`${many(64)},k64=1,k0=2`])?.get("k0"), "1", "the rest of the line is ignored");
  assert.equal(parseBaggage([many(40), many(40, "l")])?.size, 64);
  assert.equal(parseBaggage([`k=${"x".repeat(8190)}`])?.size, 1);
  assert.equal(parseBaggage([`k=${"x".repeat(8191)}`]), null);
  assert.equal(parseBaggage([`k=${"x".repeat(4000)}`, `l=${"x".repeat(4187)}`])?.size, 2);
  assert.equal(parseBaggage([`k=${"x".repeat(4000)}`, `l=${"x".repeat(4188)}`]), null);
});
