// Behaviour of the cookie filters (spec filters 10).

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { runChain } from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";
import { parseCookieDate } from "./cookie-date.ts";
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
      "zero=1; Expires=0",
      "odd=1; Expires=tomorrow 12",
      'o="q r"; p',
      "q=r, s",
    ),
    expect: {
      headers: {
        "set-cookie": [
          "m=2; Path=/x; Domain=a.b; Expires=Thu, 02 Jan 2020 03:04:05 GMT; Max-Age=7; HttpOnly; SameSite=Lax",
          "n=3; Max-Age=0; Secure; Partitioned",
          "zero=1",
          "odd=1",
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

for (const [text, expected] of [
  ["Thu, 02 Jan 2020 03:04:05 GMT", "2020-01-02T03:04:05.000Z"],
  ["Thursday, 02-Jan-20 03:04:05 GMT", "2020-01-02T03:04:05.000Z"],
  ["Thu Jan  2 03:04:05 2020", "2020-01-02T03:04:05.000Z"],
  ["02 jan 2020 3:4:5", "2020-01-02T03:04:05.000Z"],
  ["Thu, 02 January 2020 03:04:05 +0200", "2020-01-02T03:04:05.000Z"],
  ["Sun, 06 Nov 94 08:49:37 GMT", "1994-11-06T08:49:37.000Z"],
  ["Thu, 01 Jan 1970 00:00:00 GMT", "1970-01-01T00:00:00.000Z"],
  ["Fri, 31 Dec 9999 23:59:59 GMT", "9999-12-31T23:59:59.000Z"],
  ["Mon, 01 Jan 1601 00:00:00 GMT", "1601-01-01T00:00:00.000Z"],
  ["Mon, 01 Jan 1600 00:00:00 GMT", null],
  ["Sat, 30 Feb 2020 03:04:05 GMT", null],
  ["Thu, 02 Jan 2020 24:00:00 GMT", null],
  ["Thu, 02 Jan 2020", null],
  ["Jan 2020 03:04:05", null],
  ["02 2020 03:04:05", null],
  ["2020-01-02T03:04:05Z", null],
  ["0", null],
  ["-1", null],
  ["", null],
] as const) {
  test(`cookie date ${JSON.stringify(text)}: ${expected}`, () => {
    const ms = parseCookieDate(text);
    assert.equal(ms === null ? null : new Date(ms).toISOString(), expected);
  });
}

const token = /^[\w!#$%&'*+\-.^`|~]+$/;

/** Name and text of each valid pair of Cookie lines, as the spec tells it (filters 10). */
function plainPairs(lines: readonly string[]): { name: string; text: string }[] {
  return lines.flatMap((line) =>
    line.split(";").flatMap((pair) => {
      const [, name, , value = ""] = /^[ \t]*([^=]*?)[ \t]*(=(.*?))?[ \t]*$/.exec(pair)!;
      const [, inner] = /^"(.*)"$/.exec(value) ?? [null, value];
      if (!token.test(name!) || /[^ -~]|["\\]/.test(inner!)) return [];
      const text = inner !== value ? `"${inner}"` : /[ ,]/.test(inner!) ? `"${inner}"` : inner;
      return [{ name: name!, text: `${name}=${text}` }];
    }),
  );
}

const cookieLine = fc
  .array(
    fc
      .tuple(
        fc.constantFrom("a", "b", "ab", "A", "a b", ""),
        fc.constantFrom("", "=", " = "),
        fc.constantFrom("1", "", '"q"', '"', "x y", "é", "\\", "a", '"x y"', "1=2", "x,y"),
        fc.constantFrom("", " ", "\t"),
      )
      .map((parts) => parts.join("")),
    { maxLength: 5 },
  )
  .map((pairs) => pairs.join("; "));

test("dropRequestCookie() and requestCookie() do with any Cookie lines what the plain rules say", async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(cookieLine, { maxLength: 3 }), async (lines) => {
      const headers = lines.map((line) => ["Cookie", line] as const);
      const left = async (chain: string) => (await runChain(chain, { headers })).requestHeaders.cookie ?? [];
      const pairs = plainPairs(lines);
      const kept = pairs.filter(({ name }) => name !== "a").map(({ text }) => text);
      const dropped = await left('dropRequestCookie("a")');
      if (kept.length === pairs.length) assert.deepEqual(dropped, lines);
      else assert.deepEqual(dropped, kept.length === 0 ? [] : [kept.join("; ")]);
      const whole = lines.filter((line) => line !== "");
      assert.deepEqual(await left('requestCookie("n", "v")'), [[...whole, "n=v"].join("; ")]);
    }),
    { numRuns: 500 },
  );
});

test("dropResponseCookie() keeps the order of the others, and a normal form is its own normal form", async () => {
  const line = fc
    .tuple(
      fc.constantFrom("k", "m", "n", "K"),
      fc.constantFrom("1", "", '"q"', "x y", '"x y"', "a=b"),
      fc.array(
        fc.constantFrom(
          "; Path=/",
          "; domain=.a.b",
          "; Domain=1.2.3.4",
          "; Expires=Thu, 02 Jan 2020 03:04:05 GMT",
          "; max-age=7",
          "; Max-Age=x",
          "; httponly",
          "; Secure",
          "; samesite=LAX",
          "; SameSite=odd",
          "; Partitioned",
          "; foo=bar",
        ),
      ),
    )
    .map(([name, value, attributes]) => `${name}=${value}${attributes.join("")}`);
  await fc.assert(
    fc.asyncProperty(fc.array(line, { maxLength: 5 }), async (lines) => {
      const drop = async (list: readonly string[], name: string) =>
        (await runChain(`dropResponseCookie("${name}")`, {}, setCookies(...list))).headers["set-cookie"] ?? [];
      const left = await drop(lines, "k");
      const names = (list: readonly string[]) => list.map((each) => each.slice(0, each.indexOf("=")));
      assert.deepEqual(
        names(left),
        names(lines).filter((name) => name !== "k"),
      );
      if (left.length === lines.length) assert.deepEqual(left, lines);
      else assert.deepEqual(await drop([...left, "other=1"], "other"), left);
    }),
    { numRuns: 300 },
  );
});
