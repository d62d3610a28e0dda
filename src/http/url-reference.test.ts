// URL references of routes (RFC 3986), checked against the WHATWG parser of Node where both must agree.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { parseRequestUrl, parseUrlReference } from "./url-reference.ts";

const empty = { scheme: "", host: "", rawPath: "", path: "", query: "", fragment: "" };

for (const [text, want] of [
  ["", empty],
  ["/a b%20c", { ...empty, rawPath: "/a b%20c", path: "/a b c" }],
  ["a/b", { ...empty, rawPath: "a/b", path: "a/b" }],
  ["?q#f", { ...empty, query: "q", fragment: "f" }],
  ["#f?x", { ...empty, fragment: "f?x" }],
  ["//h:1/p", { ...empty, host: "h:1", rawPath: "/p", path: "/p" }],
  ["HTTP://u:p@H/p?a?b", { ...empty, scheme: "http", host: "H", rawPath: "/p", path: "/p", query: "a?b" }],
  ["http://[::1%25eth0]:80", { ...empty, scheme: "http", host: "[::1%25eth0]:80" }],
  ["mailto:a@b", { ...empty, scheme: "mailto" }],
  ["///p", { ...empty, rawPath: "///p", path: "///p" }],
  ["./a:b", { ...empty, rawPath: "./a:b", path: "./a:b" }],
] as const) {
  test(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseUrlReference(text), want));
}

for (const text of ["%zz", "/%", "a:b/c"]) {
  test(`refuses or reads as scheme ${JSON.stringify(text)}`, () => {
    const got = parseUrlReference(text);
    assert.ok(got === undefined || (text === "a:b/c" && got.scheme === "a"));
  });
}

for (const text of [
  ":x",
  "1:2",
  "http://[",
  "http://[::1",
  "http://h:x",
  "http://a b/",
  "http://h\\x",
  "/\x00",
  "/\n",
  "//h%41/",
  "#%z",
  "http://[::1]x",
  "http://u%zz@h/",
  "http://a b@h/",
]) {
  test(`refuses ${JSON.stringify(text)}`, () => assert.equal(parseUrlReference(text), undefined));
}

test("a request target is absolute", () => {
  for (const text of ["", "a", "?q", "a:1", "127.0.0.1:1", "foo bar"]) {
    const got = parseRequestUrl(text);
    assert.ok(got === undefined || got.host === "", text);
  }
  assert.equal(parseRequestUrl("127.0.0.1:1"), undefined);
  assert.equal(parseRequestUrl("http://h/p")!.host, "h");
  assert.equal(parseRequestUrl("//h/p")!.host, "");
});

test("what is read is what the platform's parser reads", () => {
  const name = fc.stringMatching(/^[a-z][a-z0-9-]{0,8}(\.[a-z][a-z0-9]{0,5}){0,2}$/);
  const path = fc.stringMatching(/^(\/[a-zA-Z0-9_~!$&'()*+,;=:@%]{0,6}){0,3}$/);
  const query = fc.stringMatching(/^[a-z=&%0-9]{0,8}$/);
  fc.assert(
    fc.property(
      fc.constantFrom("http", "https"),
      name,
      fc.integer({ min: 0, max: 65535 }),
      path,
      query,
      (s, h, p, rest, q) => {
        fc.pre(!h.endsWith("-") && !h.includes("-.") && !h.startsWith("xn--"));
        const text = `${s}://${h}:${p}${rest}${q === "" ? "" : `?${q}`}`;
        const got = parseUrlReference(text);
        if (/%(?![0-9a-fA-F]{2})/.test(rest)) {
          assert.equal(got, undefined);
          return;
        }
        const url = new URL(text);
        assert.equal(got!.scheme, url.protocol.slice(0, -1));
        assert.equal(got!.host.split(":")[0], url.hostname);
        assert.equal(got!.query, url.search.slice(1));
        assert.equal(got!.rawPath === "" ? "/" : got!.rawPath, url.pathname);
      },
    ),
  );
});

test("any text is read or refused", () => {
  fc.assert(fc.property(fc.string({ unit: "binary", maxLength: 30 }), (text) => void parseUrlReference(text)));
});
