// Single rules of the language beside the recorded vectors: errors with their place, numbers, endpoints, URLs, JSON, slots.

import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { compareBytes } from "./byte-order.ts";
import { canonicalRoute, copyRoute, normalizeSlots, routeListsEqual, routesEqual } from "./canonical.ts";
import { endpointText, parseEndpoint } from "./endpoint.ts";
import { invalidRoutesToJson, routesFromJson, routesToJson } from "./json.ts";
import { locateCalls } from "./locate.ts";
import { ParseError } from "./parse-error.ts";
import { parseDocumentOrThrow, parseFiltersOrThrow, parsePredicatesOrThrow } from "./parse-or-throw.ts";
import { parseDocument, parseFilters, parseRouteExpression, parseRoutes } from "./parser.ts";
import { printExpression, printNumber, printRoutes } from "./printer.ts";
import { makeRoute, shuntBackend } from "./route.ts";
import { routeIdOrRandom } from "./route-id.ts";
import { suggest } from "./suggest.ts";
import { checkUrl, schemeOf, splitBackendAddress } from "./url.ts";

const parseOne = (text: string) => parseDocument(text).routes[0]!;

describe("errors", () => {
  for (const [input, line, column, expected] of [
    ["a: * ->\n  f() -> g()\n  ;", 3, 4, '"->"'],
    ["a: Path(1 2) -> <shunt>", 1, 12, '"," or ")"'],
    ["a: True() True() -> <shunt>", 1, 15, '"->" or "&&"'],
    ["a: * -> <random>", 1, 17, '"," behind the algorithm'],
    ["a: * -> <shunt> b: * -> <shunt>", 1, 18, '";" or the end of the document'],
  ] as const) {
    test(input, () => {
      const { error } = parseDocument(input);
      assert.deepEqual([error?.line, error?.column, error?.expected], [line, column, expected]);
    });
  }

  for (const [input, place, rest] of [
    ["a: * ->\n  f(1 2) -> <shunt>", "line 2, column 7", ': expected "," or ")", got "2"'],
    ["a: * -> f(,) -> <shunt>", "line 1, column 12", ': expected a number, a string or a regular expression, got ")"'],
    ["a: *", "line 1, column 5", ': expected "->" or "&&", got the end of the text'],
    ['a: * -> "x\n', "line 1, column 9", ", got a string without end"],
    ["a: PathRegexp(/[/) -> <shunt>", "line 1, column 15", ", got a regular expression without end"],
    ["a: P(1.) -> <shunt>", "line 1, column 6", ", got a number that ends in its dot"],
    ["\ufeffa: * -> <shunt>", "line 1, column 1", ', got "\ufeff" (U+FEFF)'],
    [`* ${"x".repeat(61)}`, "line 1, column 3", `: expected "->" or "&&", got "${"x".repeat(60)}..."`],
    ["a: * -> <Shunt>", "line 1, column 15", ': expected "," behind the algorithm (or "<shunt>"), got ">"'],
    ["a: * -> < shunt >", "line 1, column 17", ': expected "," behind the algorithm (or "<shunt>"), got ">"'],
    ['a: * ->\n "";\nb: Path(1) -> <shunt>', "route b, line 3, column 4", ""],
    ['Path("/a") && Path("/b") -> <shunt>', "line 1, column 15", ""],
  ] as const) {
    test(`explained: ${input}`, () => {
      const explanation = parseDocument(input).error?.explanation ?? "";
      assert.equal(explanation.slice(0, place.length), place);
      assert.ok(explanation.endsWith(rest), explanation);
    });
  }

  test("a syntax error goes before an earlier error of another kind", () => {
    const { error } = parseDocument("a: Path() -> <shunt>; b: #");
    assert.equal(error?.message, "parse failed after token :, last route id: b, position 25: syntax error");
  });

  test("an endpoint error goes before an error of the predicates of the same route", () => {
    const { error } = parseDocument('a: Path() -> <"">');
    assert.equal(error?.message, 'parse "": empty url');
    assert.deepEqual([error?.kind, error?.routeId, error?.position], ["semantic", "a", 13]);
  });

  test("routes in front of an error are handed over, later ones are not", () => {
    const ids: string[] = [];
    const text = Buffer.from("a: * -> <shunt>; b: Path() -> <shunt>; c: * -> <shunt>");
    assert.notEqual(
      parseRoutes(text, ({ id }) => ids.push(id)),
      null,
    );
    assert.deepEqual(ids, ["a"]);
  });

  test("positions in filter chains refer to the text without white space around it", () => {
    assert.equal(parseFilters("\u3000\u0085 bad \u00a0").error?.position, 3);
    assert.equal(parseFilters("\ufeffbad()").error?.position, 0);
  });
});

test("the parsers that throw", () => {
  assert.deepEqual(parseDocumentOrThrow("a: * -> <shunt>"), parseDocument("a: * -> <shunt>").routes);
  assert.deepEqual(parseFiltersOrThrow("f(1) -> g()"), parseFilters("f(1) -> g()").filters);
  assert.deepEqual(parsePredicatesOrThrow("P() && *"), [{ name: "P", args: [] }]);
  for (const parse of [parseDocumentOrThrow, parseFiltersOrThrow, parsePredicatesOrThrow]) {
    assert.throws(
      () => parse("f( "),
      (thrown: Error) =>
        thrown.message.startsWith("parse failed after token (, position ") &&
        thrown.message.includes("(line 1, column ") &&
        thrown.cause instanceof ParseError,
    );
  }
});

test("text in shared memory", () => {
  const text = Buffer.from('a: Path("/ü") -> f("\\n") -> "http://b";');
  const bytes = new Uint8Array(new SharedArrayBuffer(text.length));
  bytes.set(text);
  assert.equal(printRoutes(parseDocument(bytes).routes), text.toString());
});

test("a long document repeats its strings correctly", () => {
  const lines = Array.from(
    { length: 3000 },
    (_, i) => `r${i}: Path("/p${i % 100}/${i}") -> f("v${i % 7}", ${i}.5) -> "http://h${i}";`,
  );
  assert.equal(printRoutes(parseDocument(lines.join("\n")).routes), lines.join("\n"));
});

test("stored text that does not parse is a fault of the program", () => {
  assert.throws(() => parseRouteExpression(Buffer.from("* ->"), 0, 4, "x"), /route x/);
});

describe("numbers", () => {
  for (const [value, text] of [
    [-0, "-0"],
    [1e21, "1000000000000000000000"],
    [2 ** 63, "9223372036854775808"],
    [1e-7, "0.0000001"],
    [-1.25e-9, "-0.00000000125"],
    [1234567.5, "1234567.5"],
    [5e-324, `0.${"0".repeat(323)}5`],
  ] as const) {
    test(text.slice(0, 30), () => assert.equal(printNumber(value), text));
  }
  test("infinity reads back", () => {
    for (const value of [Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
      assert.deepEqual(parseFilters(`f(${printNumber(value)})`).filters[0]?.args, [value]);
    }
  });
});

describe("URLs", () => {
  for (const [text, error] of [
    ["http://a", ""],
    ["/foo", ""],
    ["//a b/", ""],
    ["*", ""],
    ["localhost:8080", ""],
    ["http://u:p%20@a", ""],
    ["http://[::1]:80/x?%zz", ""],
    ["http://ü", ""],
    ["", 'parse "": empty url'],
    ["::", 'parse "::": missing protocol scheme'],
    ["http://[::1", `parse "http://[::1": missing ']' in host`],
    ["http://[::1]x", 'parse "http://[::1]x": invalid port "x" after host'],
    ["http://a:1:x", 'parse "http://a:1:x": invalid port ":x" after host'],
    ["http://a\\b", 'parse "http://a\\\\b": invalid character "\\\\" in host name'],
    ["http://a/%4", 'parse "http://a/%4": invalid URL escape "%4"'],
    ["http://a\x7f", 'parse "http://a\x7f": net/url: invalid control character in URL'],
    ['http://a"b', ""],
    ["http://%c3%bc", ""],
    ["http://%41", 'parse "http://%41": invalid URL escape "%41"'],
    ["http://[fe80::1%25en0]:80", ""],
    ["http://a[::1]", 'parse "http://a[::1]": invalid IP-literal'],
    ["http://ü@a", 'parse "http://ü@a": net/url: invalid userinfo'],
  ] as const) {
    test(text, () => assert.equal(checkUrl(text), error));
  }

  test("backend addresses are split", () => {
    const cases = [
      ["HTTP://Ex.ORG/path", { scheme: "http", host: "ex.org", hostname: "ex.org", port: 80 }],
      ["https://u:p@a?x", { scheme: "https", host: "a", hostname: "a", port: 443 }],
      ["h2c://[::1]:9", { scheme: "h2c", host: "[::1]:9", hostname: "::1", port: 9 }],
      ["fastcgi://a", { scheme: "fastcgi", host: "a", hostname: "a", port: 0 }],
      ["http://a:65535", { scheme: "http", host: "a:65535", hostname: "a", port: 65535 }],
      ["http://a:65536", { scheme: "http", host: "a:65536", hostname: "a", port: 0 }],
      ["http://a:", { scheme: "http", host: "a:", hostname: "a", port: 80 }],
      [
        "example.org",
        { error: 'failed to parse backend address "example.org": parse "example.org": invalid URI for request' },
      ],
      ["http://", { error: 'failed to parse backend address "http://": parse "http://": missing host' }],
      ["http://u@/", { error: 'failed to parse backend address "http://u@/": parse "http://u@/": missing host' }],
      ["/x", { error: 'failed to parse backend address "/x": parse "/x": missing scheme' }],
    ] as const;
    for (const [address, expected] of cases) assert.deepEqual(splitBackendAddress(address), expected);
  });

  test("schemes", () => {
    for (const [text, scheme] of [
      ["A+b-1.c:", "a+b-1.c"],
      ["1a:", ""],
      ["a b:", ""],
      ["/a:", ""],
      ["a", ""],
    ] as const) {
      assert.equal(schemeOf(text), scheme);
    }
  });
});

describe("endpoints", () => {
  for (const [text, address, zone, printed] of [
    ["http://a?zone=z", "http://a", "z", "http://a?zone=z"],
    ["http://a/p?y=1&zone=a&b=%20", "http://a/p?b=+&y=1", "a", "http://a/p?b=+&y=1&zone=a"],
    ["http://a?Zone=z", "http://a?Zone=z", "", "http://a?Zone=z"],
    ["http://a?zone=&zone=b", "http://a?zone=&zone=b", "", "http://a?zone=&zone=b"],
    ["http://a?z%6fne=%C3%BC", "http://a", "ü", "http://a?zone=%C3%BC"],
    ["http://a?zone=%zz", "http://a?zone=%zz", "", "http://a?zone=%zz"],
  ] as const) {
    test(text, () => {
      assert.deepEqual(parseEndpoint(text), { address, zone });
      assert.equal(endpointText({ address, zone }), printed);
      assert.deepEqual(parseEndpoint(printed), { address, zone });
    });
  }
});

describe("JSON", () => {
  test("escapes", () => {
    const route = parseOne('* -> f("<a>&\u2028", -0) -> <shunt>');
    assert.equal(
      routesToJson([route]).text,
      '[{"backend":{"type":"shunt"},"filters":[{"name":"f","args":["<a>&\\u2028",-0]}]}]',
    );
    assert.match(routesToJson([route], true).text, /"\\u003ca\\u003e\\u0026\\u2028"/);
  });

  test("infinity has no JSON", () => {
    const route = makeRoute({
      id: "",
      backend: shuntBackend,
      filters: [{ name: "f", args: [Number.POSITIVE_INFINITY] }],
    });
    assert.deepEqual(routesToJson([route]), { text: "", error: "unsupported value: +Inf" });
  });

  test("invalid routes carry their error, keys sorted at every level", () => {
    const route = parseOne('r: Path("/x") -> f() -> <random, "http://a">');
    assert.equal(
      invalidRoutesToJson([{ route, error: "bad <x>" }]).text,
      '[{"backend":{"algorithm":"random","endpoints":["http://a"],"type":"lb"},"error":"bad \\u003cx\\u003e",' +
        '"filters":[{"name":"f"}],"id":"r","predicates":[{"args":["/x"],"name":"Path"}]}]',
    );
  });

  for (const [text, error] of [
    ['{"backend":{"type":"x"}}', "unsupported backend type: x"],
    ['[{"filters":[{"args":[]}]}]', "invalid filters: expected objects with a name"],
    ['[{"filters":[{"name":"f","args":[true]}]}]', "invalid filters: expected numbers and strings as args"],
    ['{"id":1}', "invalid route: expected a string as id"],
    ["[1]", "invalid route: expected an object"],
  ] as const) {
    test(`refuses ${text}`, () => assert.deepEqual(routesFromJson(text), { routes: [], error }));
  }

  test("malformed text is refused", () => assert.notEqual(routesFromJson("[").error, ""));

  test("absent fields have their defaults", () => {
    const { routes } = routesFromJson(
      '[{"unknown":1},{"id":"a","backend":{"type":"lb","endpoints":["http://a?zone=z"]}}]',
    );
    assert.deepEqual(routes[0]?.backend, { type: "network", address: "" });
    assert.deepEqual(routes[1]?.backend, {
      type: "lb",
      algorithm: "",
      endpoints: [{ address: "http://a", zone: "z" }],
    });
  });
});

describe("equality and slots", () => {
  const slots = parseOne(
    'Host(/h/) && Path("/p") && Method("GET") && Header("A", "b") && HeaderRegexp("A", /r/) && X(1) -> <shunt>',
  );

  test("slots and list of predicates mean the same", () => {
    const canonical = canonicalRoute(slots);
    assert.deepEqual(
      canonical.predicates.map(({ name }) => name),
      ["Header", "HeaderRegexp", "Host", "Method", "Path", "X"],
    );
    assert.ok(routesEqual(slots, canonical, copyRoute(slots)));
    assert.equal(
      printExpression(normalizeSlots(canonical)),
      'Host(/h/) && Method("GET") && Header("A", "b") && HeaderRegexp("A", /r/) && Path("/p") && X(1) -> <shunt>',
    );
    assert.equal(normalizeSlots(slots), slots);
  });

  test("differences are seen", () => {
    const base = '* -> f(1) -> <random, "http://a", "http://b">';
    assert.ok(routesEqual(parseOne(base), parseOne('* -> f(1) -> <random, "http://b", "http://a">')));
    for (const other of [
      '* -> f("1") -> <random, "http://a", "http://b">',
      '* -> f(1, 1) -> <random, "http://a", "http://b">',
      '* -> f(1) -> <"http://a", "http://b">',
      '* -> f(1) -> <random, "http://a?zone=z", "http://b">',
      '* -> f(1) -> "http://a"',
      'r: * -> f(1) -> <random, "http://a", "http://b">',
    ]) {
      assert.ok(!routesEqual(parseOne(base), parseOne(other)), other);
    }
    assert.ok(routesEqual(null, null) && !routesEqual(null, slots) && routesEqual());
  });

  test("lists are equal in any order and never with a repeated id", () => {
    const { routes } = parseDocument("a: * -> <shunt>; b: X() -> <shunt>");
    assert.ok(routeListsEqual(routes, routes.toReversed()));
    assert.ok(!routeListsEqual(routes, routes.slice(1)));
    const twice = [routes[0]!, routes[0]!];
    assert.ok(!routeListsEqual(twice, twice));
  });
});

test("suggestions", () => {
  const known = ["setPath", "setQuery", "modPath", "status", "tee"];
  for (const [name, near] of [
    ["setPth", "setPath"],
    ["setpath", "setPath"],
    ["sttaus", "status"],
    ["frobnicate", ""],
    ["f", ""],
    ["te", ""],
    ["teee", "tee"],
  ] as const) {
    assert.equal(suggest(name, known), near, name);
  }
});

test("random ids", () => {
  assert.equal(routeIdOrRandom("x", Math.random), "x");
  assert.match(routeIdOrRandom("", Math.random), /^route[0-9A-Za-z]{16}$/);
  assert.equal(
    routeIdOrRandom("", () => 0.9999999),
    `route${"Z".repeat(16)}`,
  );
});

test("predicates and filters are found in the text of a route, not in its strings", () => {
  const bytes = Buffer.from('x: * && P() -> g("f(") -> f // f(\n () -> <random, "h()">');
  assert.deepEqual(locateCalls(bytes, 2, bytes.length), [
    { name: "P", place: 8 },
    { name: "g", place: 15 },
    { name: "f", place: 26 },
  ]);
});

test("byte order", () => {
  const texts = ["", "a", "ab", "b", "ü", "\uffee", "😀"];
  for (const a of texts) {
    for (const b of texts) {
      assert.equal(Math.sign(compareBytes(a, b)), Buffer.compare(Buffer.from(a), Buffer.from(b)));
    }
  }
});
