// Behaviour of the cookie filters (spec filters 10).

import assert from "node:assert/strict";
import { test } from "node:test";
import { testFilters } from "../../../test/support/filter-table.ts";
import { isDomainName, parseSetCookie } from "./set-cookie.ts";

const cookie = (value: string) => ({ headers: [["Cookie", value]] as const });
const setCookies = (...values: string[]) => ({ headers: values.map((value) => ["Set-Cookie", value] as const) });

testFilters([
  { title: "first cookie", chain: 'requestCookie("s", "v")', expect: { requestHeaders: { cookie: "s=v" } } },
  {
    title: "added to the others, also of several lines",
    chain: 'requestCookie("s", "a b;c\\"d,e")',
    request: {
      headers: [
        ["Cookie", "x=1"],
        ["Cookie", "y=2"],
      ],
    },
    expect: { requestHeaders: { cookie: 'x=1; y=2; s="a bcd,e"' } },
  },
  {
    title: "line breaks in a name",
    chain: 'requestCookie("a\\r\\nb", "v")',
    expect: { requestHeaders: { cookie: "a--b=v" } },
  },
  {
    title: "the state bag has the value",
    chain: 'requestCookie("t", "v") -> setContextRequestHeader("X-T", "CookieSet:t")',
    expect: { requestHeaders: { cookie: "t=v", "x-t": "v" } },
  },
  {
    title: "dropped",
    chain: 'dropRequestCookie("s")',
    request: cookie('x=1; s=old; y="q"; bad name=1; s=z'),
    expect: { requestHeaders: { cookie: 'x=1; y="q"' } },
  },
  {
    title: "rebuilt: no pairs that are none, quotes where they belong",
    chain: 'dropRequestCookie("s")',
    request: cookie(' a = 1 ;s=; b; c="d e"; f=g h; bad name=1; i=j"k; l=m\\n; =o; p="; q=""'),
    expect: { requestHeaders: { cookie: 'a=" 1"; b=; c="d e"; f="g h"; q=""' } },
  },
  {
    title: "not there: untouched",
    chain: 'dropRequestCookie("s")',
    request: cookie("x=1;  y=2; S=3"),
    expect: { requestHeaders: { cookie: "x=1;  y=2; S=3" } },
  },
  { title: "the last one", chain: 'dropRequestCookie("s")', request: cookie("s=2"), expect: { requestHeaders: {} } },
  ...(
    [
      ["example.org", "; Domain=example.org"],
      ["www.example.org", "; Domain=example.org"],
      ["a.b.c.example.org:8080", "; Domain=b.c.example.org"],
      ["localhost", "; Domain=localhost"],
      ["127.0.0.1:99", ""],
      ["[::1]:99", ""],
    ] as const
  ).map(([host, domain]) => ({
    title: `domain for ${host}`,
    chain: 'responseCookie("s", "abc")',
    request: { host },
    answer: setCookies("k=1"),
    expect: { headers: { "set-cookie": ["k=1", `s=abc; Path=/${domain}; HttpOnly; Secure`] } },
  })),
  ...(
    [
      ["3600", "; Max-Age=3600"],
      ["0", "; Max-Age=0"],
      ["-5", "; Max-Age=0"],
      ["10.7", "; Max-Age=10"],
      ['3600, "foo"', "; Max-Age=3600"],
    ] as const
  ).map(([args, age]) => ({
    title: "maximum age",
    chain: `jsCookie("s", "abc", ${args})`,
    expect: { headers: { "set-cookie": `s=abc; Path=/; Domain=example.org${age}; Secure` } },
  })),
  {
    title: "change only: the same value",
    chain: 'responseCookie("s", "abc", 60, "change-only")',
    request: cookie('x=abc; s="abc"'),
    expect: { headers: {} },
  },
  {
    title: "change only: another value",
    chain: 'responseCookie("s", "abc", 60, "change-only")',
    request: cookie("s=abcd"),
    expect: { headers: { "set-cookie": "s=abc; Path=/; Domain=example.org; Max-Age=60; HttpOnly; Secure" } },
  },
  {
    title: "a name that is none",
    chain: 'responseCookie("a b", "x")',
    expect: { headers: { "set-cookie": "" } },
  },
  {
    title: "the others are rewritten",
    chain: 'dropResponseCookie("k")',
    answer: setCookies(
      "k=1; Path=/",
      "m=2; path=/x; domain=.a.b; expires=Thu, 02-Jan-2020 03:04:05 GMT; max-age=7; httponly; samesite=lax; foo=bar",
      "n=3; secure; Partitioned; Max-Age=-1",
      'o="q r"; p',
      "q=r, s",
    ),
    expect: {
      headers: {
        "set-cookie": [
          "m=2; Path=/x; Domain=a.b; Expires=Thu, 02 Jan 2020 03:04:05 GMT; Max-Age=7; HttpOnly; SameSite=Lax",
          "n=3; Max-Age=0; Secure; Partitioned",
          'o="q r"',
          'q="r, s"',
        ],
      },
    },
  },
  {
    title: "not there: the others stay as they are",
    chain: 'dropResponseCookie("k")',
    answer: setCookies("m=2; path=/x; foo=bar"),
    expect: { headers: { "set-cookie": "m=2; path=/x; foo=bar" } },
  },
  { title: "no cookies", chain: 'dropResponseCookie("k")', expect: { headers: {} } },
]);

test("lines that are no cookies", () => {
  for (const line of ["", "novalue", "=x", "a b=1", ";"]) assert.equal(parseSetCookie(line), undefined, line);
});

test("domain names", () => {
  for (const name of ["a", "a.b", "a-1.b", `${"a".repeat(63)}.b`]) assert.ok(isDomainName(name), name);
  for (const name of ["", "1.2", "-a.b", "a-.b", "a..b", ".a", "a_b", "a.", "a".repeat(64), "::1"]) {
    assert.ok(!isDomainName(name), name);
  }
});
