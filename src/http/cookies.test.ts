import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { cookieValue, isToken, parseCookies, trimBlanks } from "./cookies.ts";
import { Headers } from "./headers.ts";

function headers(...lines: string[]): Headers {
  const made = new Headers();
  for (const line of lines) made.append("Cookie", line);
  return made;
}

test("reads all cookies of all lines", () => {
  assert.deepEqual(parseCookies(headers('a=1; b = " x,y" ;c', ';;d==2;e=\xff;f o=1;g=a\\b;=x;h=a"b;i=""')), [
    ["a", "1"],
    ["c", ""],
    ["d", "=2"],
    ["i", ""],
  ]);
  assert.deepEqual(parseCookies(headers()), []);
});

test("quotes are removed only as a pair around the whole value", () => {
  assert.equal(cookieValue(headers('a="x y"'), "a"), "x y");
  assert.equal(cookieValue(headers('a="'), "a"), undefined);
  assert.equal(cookieValue(headers('a="x" '), "a"), "x");
  assert.equal(cookieValue(headers('a= "x"'), "a"), undefined);
});

test("more than 3000 pairs count as none", () => {
  assert.equal(parseCookies(headers("a;".repeat(1499), "b;".repeat(1499))).length, 2998);
  assert.equal(parseCookies(headers("a;".repeat(1500), "b;".repeat(1500))).length, 0);
  assert.equal(cookieValue(headers("a;".repeat(1500), "b;".repeat(1500)), "a"), undefined);
});

test("one cookie is the first of all of that name", () => {
  const piece = fc.constantFrom("a", "b", "=", ";", " ", '"', "ab", "\t", "\\", "1", "; a=1");
  const line = fc.array(piece, { maxLength: 10 }).map((parts) => parts.join(""));
  fc.assert(
    fc.property(fc.array(line, { maxLength: 3 }), fc.constantFrom("a", "b", "ab", ""), (lines, name) => {
      const made = headers(...lines);
      const first = parseCookies(made).find((cookie) => cookie[0] === name);
      assert.equal(cookieValue(made, name), first?.[1]);
    }),
    { numRuns: 2000 },
  );
});

test("tokens and blanks", () => {
  for (const text of ["a", "a-b_c", "!#$%&'*+.^`|~09AZ"]) assert.ok(isToken(text), text);
  for (const text of ["", "a b", "a=", "\u00e9", "a\x7f", '"', "(", "{"]) assert.ok(!isToken(text), text);
  assert.equal(trimBlanks(" \ta b\t "), "a b");
  assert.equal(trimBlanks(" "), "");
});
