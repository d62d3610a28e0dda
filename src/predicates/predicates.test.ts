// Behaviour of every predicate, one table each, and what all declarations must keep to. Long because it is one table per predicate.

import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { test } from "node:test";
import { parseDocument } from "../eskip/parser.ts";
import type { Arg } from "../eskip/route.ts";
import { parseBaggage } from "../http/baggage.ts";
import { Headers } from "../http/headers.ts";
import { checkArgs } from "../spec/args.ts";
import type { PredicateEnv, PredicateRequest, PredicateSpec } from "../spec/predicate.ts";
import { predicateSpecs } from "./index.ts";

interface Sent {
  readonly method?: string;
  readonly host?: string;
  readonly path?: string;
  readonly query?: string;
  readonly headers?: readonly (readonly [string, string])[];
  readonly peer?: string;
  readonly length?: number;
  readonly segment?: number;
}

function request(sent: Sent): PredicateRequest {
  const headers = new Headers();
  for (const [name, value] of sent.headers ?? []) headers.append(name, value);
  return {
    method: sent.method ?? "GET",
    host: sent.host ?? "example.org",
    matchPath: sent.path ?? "/",
    rawQuery: sent.query ?? "",
    headers,
    remoteAddress: sent.peer ?? "127.0.0.1",
    contentLength: sent.length ?? 0,
    trafficSegment: () => sent.segment ?? 0.5,
    baggage: () => parseBaggage(headers.getAll("baggage")),
  };
}

/** 2020-05-06 07:08:09 in the zone of the process, a Wednesday. */
const NOW = new Date(2020, 4, 6, 7, 8, 9).getTime();
const env: PredicateEnv = { now: () => NOW, random: () => 0.5, shuttingDown: () => false };

function specOf(name: string): PredicateSpec {
  const spec = predicateSpecs.find((one) => one.name === name);
  assert.ok(spec !== undefined, name);
  return spec;
}

/** The values of valid arguments, or the message of what is wrong. */
function checked(spec: PredicateSpec, args: readonly Arg[]): readonly unknown[] | string {
  if (spec.anyArgs) return [];
  const result = checkArgs(spec.args, args);
  if ("error" in result) return result.error.message;
  const problem = spec.check(result.values);
  return problem === "" ? result.values : problem;
}

function matches(name: string, args: readonly Arg[], sent: Sent, with_: Partial<PredicateEnv> = {}): boolean {
  const spec = specOf(name);
  const values = checked(spec, args);
  assert.ok(typeof values !== "string", `${name}(${args.join(", ")}): ${String(values)}`);
  return spec.create(values, { ...env, ...with_ })(request(sent));
}

function table(name: string, rows: readonly (readonly [args: readonly Arg[], sent: Sent, expected: boolean])[]): void {
  test(name, () => {
    for (const [args, sent, expected] of rows) {
      assert.equal(matches(name, args, sent), expected, `${name}(${args.join(", ")}) for ${JSON.stringify(sent)}`);
    }
  });
}

const line = (name: string, ...values: string[]): Sent => ({ headers: values.map((value) => [name, value] as const) });

test("the list is sorted and names are unique", () => {
  const names = predicateSpecs.map((spec) => spec.name);
  assert.deepEqual(names, [...new Set(names)].sort());
});

test("examples parse, and their arguments are accepted", () => {
  for (const spec of predicateSpecs) {
    assert.ok(spec.examples.length > 0, spec.name);
    for (const example of spec.examples) {
      const { routes, error } = parseDocument(example);
      assert.equal(error, null, example);
      for (const route of routes) {
        for (const call of route.predicates) {
          assert.ok(typeof checked(specOf(call.name), call.args) !== "string", example);
        }
      }
    }
  }
});

test("arguments outside of the kinds are refused, those inside are accepted one by one", () => {
  for (const spec of predicateSpecs) {
    if (spec.anyArgs) continue;
    const good = spec.args.flatMap((arg) => Array<Arg>(Math.max(arg.min, 1)).fill(arg.kind.accepts[0]!));
    const min = spec.args.reduce((sum, arg) => sum + arg.min, 0);
    const isOpen = spec.args.at(-1)?.occurs === "rest";
    if (min > 0) assert.ok("error" in checkArgs(spec.args, good.slice(0, min - 1)), `${spec.name}: too few`);
    if (!isOpen) assert.ok("error" in checkArgs(spec.args, [...good, "more"]), `${spec.name}: too many`);
    assert.ok("values" in checkArgs(spec.args, good), spec.name);
    spec.args.forEach((arg, i) => {
      for (const bad of arg.kind.refuses) {
        const args = good.with(i, bad);
        assert.ok("error" in checkArgs(spec.args, args), `${spec.name}(${JSON.stringify(args)})`);
      }
      for (const fine of arg.kind.accepts) {
        const args = good.with(i, fine);
        assert.ok("values" in checkArgs(spec.args, args), `${spec.name}(${JSON.stringify(args)})`);
      }
    });
  }
});

test("rules between arguments", () => {
  const refused: [name: string, ...args: Arg[]][] = [
    ["JWTPayloadAnyKV", "a", "b", "c"],
    ["JWTPayloadAllKV", "a", "b", "c"],
    ["JWTPayloadAnyKVRegexp", "a", "["],
    ["JWTPayloadAllKVRegexp", "a", "b", "c", "["],
    ["JWTPayloadAllKVRegexp", "a", "b", "c"],
    ["After", "2001-01-01T00:00:00"],
    ["After", "2001-01-01T00:00:00Z", "UTC"],
    ["After", 1, "UTC"],
    ["Before", "2201-01-01T00:00:00"],
    ["Between", 2, 1],
    ["Between", 1, 1],
    ["Between", 1.1, 1.9],
    ["Between", 1, "2201-01-01T00:00:00Z"],
    ["Between", 0, 7258118400, "UTC"],
    ["Between", "2001-01-01T00:00:00", "2201-01-01T00:00:00"],
    ["Between", "2201-01-01T00:00:00Z", "2001-01-01T00:00:00Z"],
    ["Traffic", 0.5, "cookie"],
    ["TrafficSegment", 0.6, 0.5],
    ["ContentLengthBetween", 3, 3],
    ["ContentLengthBetween", 1.1, 1.9],
    ["Shutdown", 1],
  ];
  for (const [name, ...args] of refused) {
    assert.equal(typeof checked(specOf(name), args), "string", `${name}(${args.join(", ")})`);
  }
});

test("messages say what is wrong", () => {
  const cases: [name: string, args: Arg[], message: RegExp][] = [
    ["Methods", ["FOO"], /method: FOO is not allowed/],
    ["Cron", ["* * * *"], /invalid cron mask expression\. expected 5 fields separated by whitespaces/],
    ["Cron", ["* 5-7, * * *"], /could not parse cron field: 5-7,\. invalid list item: :/],
    ["Source", ["0.0.0.0"], /failed to parse cidr: addr is unspecified: 0\.0\.0\.0/],
    ["Cookie", ["a", "["], /error parsing regexp: missing closing \]: `\[`/],
    ["TrafficSegment", [0.5, 0.1], /invalid range/],
  ];
  for (const [name, args, message] of cases) assert.match(String(checked(specOf(name), args)), message);
});

test("weights", () => {
  const cases: [name: string, args: Arg[], weight: number][] = [
    ["*", [], 0],
    ["Any", [], 0],
    ["Path", ["/"], 0],
    ["PathSubtree", ["/"], 0],
    ["PathRegexp", ["a"], 1],
    ["Host", ["a"], 1],
    ["HostAny", ["a"], 1],
    ["Method", ["GET"], 1],
    ["Method", [""], 0],
    ["Weight", [1.9], 1],
    ["Weight", [-1.9], -1],
    ["TrafficSegment", [0, 1], 0],
    ["Traffic", [1], 1],
    ["True", [1, 2], 1],
    ["False", [], 1],
  ];
  for (const [name, args, weight] of cases) {
    const values = checked(specOf(name), args);
    assert.ok(typeof values !== "string");
    assert.equal(specOf(name).weight(values), weight, name);
  }
});

for (const name of ["Path", "PathSubtree"]) table(name, [[["/a"], { path: "/b" }, true]]);
for (const name of ["*", "Any", "True"]) table(name, [[[], {}, true]]);
table("False", [[[], {}, false]]);
table("Weight", [[[5], {}, true]]);
table("PathRegexp", [
  [["[.]png$"], { path: "/a.png" }, true],
  [["[.]png$"], { path: "/a.png/" }, false],
  [["^/a/$"], { path: "/a/" }, true],
  [["\u00e9"], { path: "/\xc3\xa9" }, true],
]);
table("Host", [
  [[""], { host: "" }, true],
  [["^a[.]b$"], { host: "a.b" }, true],
  [["^a[.]b$"], { host: "a.b." }, false],
  [["^(a[.]b[.]?(:[0-9]+)?)$"], { host: "a.b.:80" }, true],
  [["^a[.]b$"], { host: "A.b" }, false],
  [["(?i)^a"], { host: "A.b" }, true],
]);
table("HostAny", [
  [["a.b", "c"], { host: "c" }, true],
  [["a.b"], { host: "a.b:80" }, false],
  [["a.b"], { host: "A.b" }, false],
  [[""], { host: "" }, true],
]);
table("Method", [
  [["GET"], { method: "GET" }, true],
  [["get"], { method: "GET" }, false],
  [[""], { method: "FOO" }, true],
  [["PROPFIND"], { method: "PROPFIND" }, true],
]);
table("Methods", [
  [["get", "POST"], { method: "GET" }, true],
  [["GET"], { method: "get" }, true],
  [["GET"], { method: "HEAD" }, false],
]);
table("Header", [
  [["X-A", "1"], line("x-a", "1"), true],
  [["x-a", "1"], line("X-A", "2", "1"), true],
  [["X-A", "1"], line("X-A", "1, 2"), false],
  [["X-A", "on"], line("X-A", "On"), false],
  [["X-A", ""], line("X-A", ""), true],
  [["X-A", ""], {}, false],
  [["X-A", "\u00e9"], line("X-A", "\xc3\xa9"), true],
]);
table("HeaderRegexp", [
  [["X-A", "^[12]$"], line("X-A", "3", "2"), true],
  [["X-A", "^[12]$"], line("X-A", "3"), false],
  [["X-A", ""], {}, false],
  [["X-A", ""], line("X-A", ""), true],
]);
const sha256 = (text: string) => createHash("sha256").update(text, "latin1").digest("hex");
table("HeaderSHA256", [
  [["X-K", sha256("12345").toUpperCase()], line("X-K", "12345"), true],
  [["X-K", sha256("a"), sha256("b")], line("x-k", "b"), true],
  [["X-K", sha256("b")], line("X-K", "a", "b"), false],
  [["X-K", sha256("")], line("X-K", ""), false],
  [["X-K", sha256("")], {}, false],
  [["X-K", sha256("\xff")], line("X-K", "\xff"), true],
]);
table("Cookie", [
  [["f", "^on$"], line("Cookie", "f=on"), true],
  [["f", "^on$"], line("Cookie", "a=1;f=on"), true],
  [["f", "^on$"], line("Cookie", 'f="on"'), true],
  [["f", "^on$"], line("Cookie", "f =on"), true],
  [["f", "^on$"], line("Cookie", "f= on"), false],
  [["f", "^on$"], line("Cookie", "F=on"), false],
  [["f", "^on$"], line("Cookie", "f=off; f=on"), false],
  [["f", "^on$"], line("Cookie", "f=%6Fn"), false],
  [["f", "^on$"], line("Cookie", "f=a\\b; f=on"), true],
  [["f", "^on$"], line("Cookie", "f=\xc3\xa4; f=on"), true],
  [["f", "^on$"], line("Cookie", "xf=1; ff=2", ";;; f=on ;;"), true],
  [["f", ""], line("Cookie", "f"), true],
  [["f", "^a,b c$"], line("Cookie", "f=a,b c"), true],
  [["", ""], line("Cookie", "=x"), false],
  [["f o", ""], line("Cookie", "f o=1"), false],
  [["f", ""], line("Cookie", `${"a=1;".repeat(2999)}f=1`), true],
  [["f", ""], line("Cookie", `${"a=1;".repeat(3000)}f=1`), false],
  [["f", ""], line("Cookie", "f=1", "a;".repeat(3000)), false],
]);
table("QueryParam", [
  [["a"], { query: "a" }, true],
  [["a"], { query: "A=1" }, false],
  [["a", "^1$"], { query: "a=2&a=1" }, true],
  [["a", "^1$"], { query: "%61=%31" }, true],
  [["a", "^1 1$"], { query: "a=1+1" }, true],
  [["a b"], { query: "a+b" }, true],
  [[""], { query: "=1" }, true],
  [[""], { query: "&&" }, false],
  [["?a"], { query: "?a=1" }, true],
  [["a", "^=1$"], { query: "a==1" }, true],
  [["a"], { query: "a=1;b=2" }, false],
  [["b"], { query: "a=1;b=2&b=3" }, true],
  [["a"], { query: "c=%zz&a=1" }, true],
  [["a"], { query: "a=%" }, false],
  [["a", "^\u00e9$"], { query: "a=%C3%A9" }, true],
  [["a"], { query: `${"&".repeat(9999)}a` }, true],
  [["a"], { query: `${"&".repeat(10000)}a` }, false],
]);

const token = (claims: unknown) => `x.${Buffer.from(JSON.stringify(claims)).toString("base64url")}.`;
const bearer = (claims: unknown) => line("Authorization", `Bearer ${token(claims)}`);
table("JWTPayloadAnyKV", [
  [["a", "1", "b", "2"], bearer({ b: "2" }), true],
  [["a", "1", "a", "2"], bearer({ a: "2" }), true],
  [["a", "1"], bearer({ a: 1 }), false],
  [["a", "1"], bearer({ a: ["1"] }), false],
  [["a", "1"], bearer({ A: "1" }), false],
  [["a", "1"], bearer([{ a: "1" }]), false],
  [["a", "1"], bearer(null), false],
  [["__proto__", "x"], bearer({}), false],
  [["toString", "x"], bearer({}), false],
  [["n", "J\u00fcrgen"], bearer({ n: "J\u00fcrgen" }), true],
  [["a", "1"], {}, false],
  [["a", "1"], line("Authorization", `bearer ${token({ a: "1" })}`), false],
  [["a", "1"], line("Authorization", `Bearer  ${token({ a: "1" })}`), true],
  [["a", "1"], line("Authorization", `Bearer ${token({ a: "1" })}.y`), false],
  [["a", "1"], line("Authorization", "Bearer x"), false],
  [["a", "1"], line("Authorization", "Bearer .."), false],
  [["a", "1"], line("Authorization", `Bearer x.${Buffer.from('{"a":"1"}').toString("base64")}=.`), false],
  [["a", "1"], line("Authorization", "Bearer x", `Bearer ${token({ a: "1" })}`), false],
  [["a", "1"], line("Authorization", `Bearer x.${Buffer.from("{").toString("base64url")}.`), false],
  // Each byte that is not UTF-8 counts as one U+FFFD, as in regular expressions.
  [["a", "\ufffd\ufffd"], line("Authorization", `Bearer .${btoa('{"a":"\xe2\x82"}').replaceAll("=", "")}.`), true],
]);
table("JWTPayloadAllKV", [
  [["a", "1", "b", "2"], bearer({ a: "1", b: "2" }), true],
  [["a", "1", "b", "2"], bearer({ a: "1" }), false],
  [["a", "1", "a", "2"], bearer({ a: "1" }), false],
  [["a", "1", "a", "1"], bearer({ a: "1" }), true],
  [["a", ""], bearer({ a: "" }), true],
  [["a", ""], bearer({}), false],
]);
table("JWTPayloadAnyKVRegexp", [
  [["a", "^x", "b", "y$"], bearer({ b: "xy" }), true],
  [["a", "1"], bearer({ a: 1 }), false],
  [["a", "^\u00e9$"], bearer({ a: "\u00e9" }), true],
]);
table("JWTPayloadAllKVRegexp", [
  [["a", "^x", "b", "y$"], bearer({ a: "x", b: "xy" }), true],
  [["a", "^x", "b", "y$"], bearer({ b: "xy" }), false],
  [["a", "x", "a", "y"], bearer({ a: "xy" }), true],
]);

const forwardedFor = (...values: string[]) => line("X-Forwarded-For", ...values);
table("Source", [
  [["1.2.3.0/24"], forwardedFor("1.2.3.4, 5.6.7.8"), true],
  [["127.0.0.1"], {}, true],
  [["127.0.0.1"], forwardedFor("1.2.3.4 , 9.9.9.9"), true],
  [["1.2.3.4"], forwardedFor("1.2.3.4:8080"), true],
  [["127.0.0.1"], forwardedFor("", "1.2.3.4"), true],
  [["127.0.0.1"], forwardedFor(",1.2.3.4"), true],
  [["1.2.3.0/24"], forwardedFor("::ffff:1.2.3.4"), false],
  [["::/0"], forwardedFor("::ffff:1.2.3.4"), true],
  [["2001:db8::/32"], forwardedFor("[2001:db8::1]:443"), true],
  [["127.0.0.1"], forwardedFor("[2001:db8::1]"), true],
  [["127.0.0.1", "fe80::1", "::/0"], forwardedFor("fe80::1%eth0"), false],
  [["127.0.0.1"], forwardedFor("1.2.3.04"), true],
  [["10.0.0.77/8"], forwardedFor("10.255.255.255"), true],
  [["9.9.9.9", "5.6.7.8"], forwardedFor("5.6.7.8"), true],
]);
table("SourceFromLast", [
  [["5.6.7.8"], forwardedFor("1.2.3.4, 5.6.7.8"), true],
  [["9.9.9.9"], forwardedFor("1.2.3.4 , 9.9.9.9 "), true],
  [["127.0.0.1"], forwardedFor("1.2.3.4,"), true],
  [["1.2.3.4"], forwardedFor("1.2.3.4", "9.9.9.9"), true],
  [["2001:db8::/32"], forwardedFor("1.2.3.4, [2001:db8::9]:1"), true],
]);
table("ClientIP", [
  [["127.0.0.1"], forwardedFor("1.2.3.4"), true],
  [["1.2.3.4"], forwardedFor("1.2.3.4"), false],
  [["127.0.0.2/31"], { peer: "127.0.0.3" }, true],
  [["127.0.0.2/31"], { peer: "127.0.0.4" }, false],
  [["::1"], { peer: "::1" }, true],
  [["0.0.0.0/0"], { peer: "" }, false],
]);
const forwarded = (...values: string[]) => line("Forwarded", ...values);
table("ForwardedHost", [
  [["^a[.]b$"], forwarded("host=a.b"), true],
  [["^a[.]b$"], forwarded('for=1.2.3.4;host="a.b"; proto=https'), true],
  [["^b$"], forwarded("host=a;proto=https, host=b"), true],
  [["^a$"], forwarded("Host=a"), false],
  [[".*"], forwarded("Host=a"), true],
  [[".*"], forwarded(""), false],
  [[".*"], {}, false],
  [["^a$"], forwarded("host=a", "host=b"), true],
  [["^a=b$"], forwarded("host=a=b"), true],
  [["^a$"], forwarded('host="a'), true],
  [["^a$"], forwarded("host=a;host="), true],
]);
table("ForwardedProtocol", [
  [["https"], forwarded("host=a;proto=https"), true],
  [["https"], forwarded("host=a; proto=https"), false],
  [["https"], forwarded("proto=HTTPS"), false],
  [["http"], forwarded("proto=https, proto=http"), true],
  [["http"], {}, false],
]);

const second = Math.floor(NOW / 1000);
const iso = (offsetMs: number) => new Date(NOW + offsetMs).toISOString();
table("After", [
  [[second], {}, true],
  [[second + 1], {}, false],
  [[-1.5], {}, true],
  [[iso(0)], {}, true],
  [[iso(1)], {}, false],
  [["2001-01-01T00:00:00,5Z"], {}, true],
  [["2001-01-01T0:00:00+23:59"], {}, true],
  [["2201-01-01T00:00:00.25", "America/New_York"], {}, false],
  [["0000-01-01T00:00:00Z"], {}, true],
  [["2001-01-01T00:00:00", ""], {}, true],
]);
table("Before", [
  [[second], {}, false],
  [[second + 1], {}, true],
  [["9999-12-31T23:59:59.999999999Z"], {}, true],
  [["2001-01-01T00:00:00", "Asia/Tokyo"], {}, false],
]);
table("Between", [
  [[second, second + 1], {}, true],
  [[second - 1, second], {}, false],
  [["2001-01-01T00:00:00", "2201-01-01T00:00:00", "Europe/Berlin"], {}, true],
  [["2001-01-01T00:00:00Z", "2002-01-01T00:00:00Z"], {}, false],
]);
table("Cron", [
  [["* * * * *"], {}, true],
  [["8 7 6 5 3"], {}, true],
  [[" 05-9,+10\t07 6 5  * "], {}, true],
  [["9 * * * *"], {}, false],
  [["* 8-6 * * *"], {}, false],
  [["* * 6 * 4"], {}, false],
  [["* * 7 * 3"], {}, false],
  [["* * * 4 *"], {}, false],
]);
table("TrafficSegment", [
  [[0, 1], { segment: 0 }, true],
  [[0.5, 0.6], { segment: 0.5 }, true],
  [[0.4, 0.5], { segment: 0.5 }, false],
  [[0.5, 0.5], { segment: 0.5 }, false],
]);
table("ContentLengthBetween", [
  [[0, 1], { length: 0 }, true],
  [[1.9, 3.9], { length: 1 }, true],
  [[1.9, 3.9], { length: 3 }, false],
  [[0, 100], { length: -1 }, false],
]);
table("Tee", [
  [["k"], line("X-Tee-Loopback-Key", "k"), true],
  [["k"], line("X-Tee-Loopback-Key", "other", "k"), false],
  [["k"], {}, false],
]);
table("OTelBaggage", [
  [["foo", "bar"], line("baggage", "x=y, foo = bar ;p=1"), true],
  [["foo"], line("Baggage", "foo="), true],
  [["foo", ""], line("baggage", "foo=baz"), true],
  [["foo", "b r"], line("baggage", "foo=b%20r"), true],
  [["foo"], line("baggage", "Foo=bar"), false],
  [[""], {}, true],
  [["", "x"], line("baggage", "x=x"), false],
  [["foo"], {}, false],
]);

test("Traffic draws at each evaluation, and not when the cookie decides", () => {
  let draws = 0;
  const random = () => {
    draws++;
    return 0.5;
  };
  assert.equal(matches("Traffic", [0.6], {}, { random }), true);
  assert.equal(matches("Traffic", [0.5], {}, { random }), false);
  assert.equal(matches("Traffic", [1], {}, { random: () => 0.999 }), true);
  assert.equal(matches("Traffic", [0], {}, { random: () => 0 }), false);
  assert.equal(draws, 2);
  const cookie = line("Cookie", 'grp="A"');
  assert.equal(matches("Traffic", [0, "grp", "A"], cookie, { random }), true);
  assert.equal(matches("Traffic", [1, "grp", "B"], cookie, { random }), false);
  assert.equal(draws, 2);
  assert.equal(matches("Traffic", [1, "other", "B"], cookie, { random }), true);
  assert.equal(matches("Traffic", [1, "grp", ""], cookie, { random }), true);
  assert.equal(matches("Traffic", [0, "", "A"], cookie, { random }), false);
  assert.equal(draws, 5);
});

test("Shutdown follows the process", () => {
  assert.equal(matches("Shutdown", [], {}), false);
  assert.equal(matches("Shutdown", [], {}, { shuttingDown: () => true }), true);
});
