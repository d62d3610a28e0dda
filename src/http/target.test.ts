import assert from "node:assert/strict";
import { test } from "node:test";
import {
  ABSOLUTE_FORM,
  ASTERISK_FORM,
  AUTHORITY_FORM,
  OPAQUE_FORM,
  ORIGIN_FORM,
  parseTarget,
  Target,
} from "./target.ts";

/** [form, path, query or null, authority or null], or null for what is refused. */
type Parts = readonly [number, string, string | null, string | null];

function split(text: string, method = "GET"): Parts | null {
  const target = new Target();
  // Bytes around the target must not count.
  const framed = `${method} ${text} HTTP/1.1?%`;
  const start = method.length + 1;
  if (parseTarget(target, framed, start, start + text.length, method) < 0) return null;
  assert.equal(target.escaped, target.rawPath.includes("%"));
  return [target.form, target.rawPath, target.hasQuery ? target.rawQuery : null, target.authority];
}

test("the forms of a target (spec matching 2.1)", () => {
  const rows: readonly (readonly [string, Parts])[] = [
    ["/", [ORIGIN_FORM, "/", null, null]],
    ["/p?q", [ORIGIN_FORM, "/p", "q", null]],
    ["/p?", [ORIGIN_FORM, "/p", "", null]],
    ["/p?a?b/c%zz", [ORIGIN_FORM, "/p", "a?b/c%zz", null]],
    ["//x/p", [ORIGIN_FORM, "//x/p", null, null]],
    ["/%2F%00%fF?", [ORIGIN_FORM, "/%2F%00%fF", "", null]],
    ["/a:b", [ORIGIN_FORM, "/a:b", null, null]],
    ["http://h/x", [ABSOLUTE_FORM, "/x", null, "h"]],
    ["HTTPS://H:8/x?q", [ABSOLUTE_FORM, "/x", "q", "H:8"]],
    ["http://h", [ABSOLUTE_FORM, "", null, "h"]],
    ["http://h?q", [ABSOLUTE_FORM, "", "q", "h"]],
    ["http://h:/", [ABSOLUTE_FORM, "/", null, "h:"]],
    ["http://u:p@h/", [ABSOLUTE_FORM, "/", null, "h"]],
    ["http://%41:p%ff@h/", [ABSOLUTE_FORM, "/", null, "h"]],
    ["http://[::1]:8/", [ABSOLUTE_FORM, "/", null, "[::1]:8"]],
    ["http://[fe80::1:2.3.4.5]/", [ABSOLUTE_FORM, "/", null, "[fe80::1:2.3.4.5]"]],
    ["http://%C3%A4.x/", [ABSOLUTE_FORM, "/", null, "%C3%A4.x"]],
    ["a+b-c.1://h/x", [ABSOLUTE_FORM, "/x", null, "h"]],
    ["x://a:b:1/", [ABSOLUTE_FORM, "/", null, "a:b:1"]],
    ["http:/p", [ABSOLUTE_FORM, "/p", null, null]],
    ["http:///p", [ABSOLUTE_FORM, "/p", null, null]],
    ["http:/?q", [ABSOLUTE_FORM, "/", "q", null]],
    ["foo:bar?a=1", [OPAQUE_FORM, "", "a=1", null]],
    ["foo:%zz", [OPAQUE_FORM, "", null, null]],
    ["foo:", [OPAQUE_FORM, "", null, null]],
  ];
  for (const [text, parts] of rows) assert.deepEqual(split(text), parts, text);
});

test("targets of CONNECT and OPTIONS", () => {
  assert.deepEqual(split("h:1", "CONNECT"), [AUTHORITY_FORM, "", null, "h:1"]);
  assert.deepEqual(split("h:1/p?q", "CONNECT"), [AUTHORITY_FORM, "/p", "q", "h:1"]);
  assert.deepEqual(split("/p", "CONNECT"), [ORIGIN_FORM, "/p", null, null]);
  assert.deepEqual(split("h:1", "connect"), [OPAQUE_FORM, "", null, null]);
  assert.deepEqual(split("*", "OPTIONS"), [ASTERISK_FORM, "*", null, null]);
});

test("what is no target is refused", () => {
  for (const text of [
    "",
    "a/b",
    "?x",
    "**",
    "*x",
    "*",
    ":x",
    "1a:b",
    "%41",
    "/%",
    "/%4",
    "/%4g",
    "/%g4",
    "/a%",
    "//h/%",
    "http://%zz@h/",
    "http://u%4@h/",
  ]) {
    assert.equal(split(text), null, text);
  }
  const authorities = [
    "h:x",
    "h:1:2",
    "h:-1",
    "%61.x",
    "%zz",
    "%c",
    "[::1",
    "[::1]x",
    "[1.2.3.4]",
    "[::1%25eth0]",
    "[]",
    "a[b]",
  ];
  for (const authority of [...authorities, ":1", "u@", "u@:1", "u[@h", "h,i", "h\\i", "a b", '"']) {
    assert.equal(split(`http://${authority}/`), null, authority);
    assert.equal(split(authority, "CONNECT"), null, authority);
  }
  for (const ip of [
    "1",
    "::g",
    "12345::",
    ":::",
    "1:2:3:4:5:6:7",
    "1:2:3:4:5:6:7:8:9",
    "1::2::3",
    "::1.2.3",
    "::256.1.1.1",
    "::01.1.1.1",
  ]) {
    assert.equal(split(`http://[${ip}]/`), null, ip);
  }
  for (const text of ["", "*", "?"]) assert.equal(split(text, "CONNECT"), null, text);
  for (const text of ["**", "*?"]) assert.equal(split(text, "OPTIONS"), null, text);
});

test("IPv6 literals", () => {
  for (const ip of ["::", "::1", "1::", "1:2:3:4:5:6:7:8", "1:2:3:4:5:6:1.2.3.4", "::ffff:1.2.3.4", "ABCD::ef01"]) {
    assert.deepEqual(split(`http://[${ip}]/`)?.[3], `[${ip}]`, ip);
  }
});
