import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { type Call, makeRoute, shuntBackend } from "../eskip/route.ts";
import { checkUrl, schemeOf, splitBackendAddress } from "../eskip/url.ts";
import { predicateSpecs } from "../predicates/index.ts";
import { type ArgKind, one, Refused } from "../spec/args.ts";
import { defineFilter } from "../spec/filter.ts";
import { Registry } from "../spec/registry.ts";
import { checkRoute } from "./check-route.ts";
import { routeOf } from "./table.fixture.ts";

const status: ArgKind<number> = {
  kind: "status",
  expected: "a status",
  accepts: [200],
  refuses: ["x"],
  parse: (value) => (typeof value === "number" ? value : new Refused()),
};
const setStatus = defineFilter({
  name: "status",
  summary: "Sets the status.",
  args: [one("code", status)],
  examples: [],
  create: () => ({}),
});
const registry = new Registry([setStatus], predicateSpecs);

const table: readonly (readonly [string, string, string])[] = [
  ['* -> "example.org"', "failed_backend_split", 'failed_backend_split: failed to parse backend address "example.org"'],
  ['* -> "http://"', "failed_backend_split", 'failed_backend_split: failed to parse backend address "http://"'],
  ["* -> noSuchFilter() -> <shunt>", "unknown_filter", 'unknown_filter: filter "noSuchFilter" not found'],
  [
    '* -> Path("/x") -> <shunt>',
    "unknown_filter",
    'unknown_filter: trying to use "Path" as filter, but it is only available as predicate',
  ],
  [
    "* -> status() -> <shunt>",
    "invalid_filter_params",
    "invalid_filter_params: failed to create filter status(): invalid filter parameters",
  ],
  ["NoSuchPredicate() -> <shunt>", "unknown_predicate", 'unknown_predicate: predicate "NoSuchPredicate" not found'],
  ["status(200) -> <shunt>", "unknown_predicate", 'unknown_predicate: predicate "status" not found'],
  [
    'Weight("x") -> <shunt>',
    "invalid_predicate_params",
    "invalid_predicate_params: invalid argument for the Weight predicate",
  ],
  [
    "HostAny() -> <shunt>",
    "invalid_predicate_params",
    "invalid_predicate_params: failed to create predicate HostAny(): ",
  ],
  [
    'Path("/a") && PathSubtree("/b") -> <shunt>',
    "other",
    "multiple tree predicates (Path, PathSubtree) in the route: r",
  ],
  ["PathSubtree() -> <shunt>", "other", "invalid predicate parameters"],
  ["PathSubtree(1) -> <shunt>", "other", "invalid predicate parameters"],
  ["Host(/(/) -> <shunt>", "invalid_matcher", "r [3]: error parsing regexp: missing closing ): `(`"],
  ['PathRegexp("[") -> <shunt>', "invalid_matcher", "r [3]: error parsing regexp: "],
  ['HeaderRegexp("A", "*") -> <shunt>', "invalid_matcher", "r [3]: error parsing regexp: "],
  ['Path("/a/*x/b") -> <shunt>', "invalid_matcher", "r [3]: free wildcard param should be last"],
  ['Path("/g/*x/") -> <shunt>', "invalid_matcher", "r [3]: free wildcard param should be last"],
  ['PathSubtree("/i/*x/j") -> <shunt>', "invalid_matcher", "r [3]: free wildcard param should be last"],
  // The order of checks: backend, filters, predicates, tree, patterns.
  ['Nope() && Host(/(/) -> nope() -> "x"', "failed_backend_split", "failed_backend_split: "],
  ["Nope() && Host(/(/) -> nope() -> <shunt>", "unknown_filter", "unknown_filter: "],
  ['Host(/(/) && Path("/a") && PathSubtree("/b") && Nope() -> <shunt>', "unknown_predicate", "unknown_predicate: "],
  ['Host(/(/) && Path("/a") && PathSubtree("/b") -> <shunt>', "other", "multiple tree"],
];

test("problems have the reasons and texts of the spec", () => {
  for (const [expression, reason, text] of table) {
    const problem = checkRoute(routeOf("r", expression), registry, 3);
    assert.equal(problem?.reason, reason, expression);
    assert.ok(problem?.text.startsWith(text), `${expression}: ${problem?.text}`);
    assert.equal(problem?.listed, true);
  }
});

/** Predicate, cause, detail. */
const causes: readonly (readonly [string, string, string])[] = [
  ["Methods()", "at least one method should be specified", "expected at least 1 argument, got 0"],
  ['Methods("FOO")', "method: FOO is not allowed", 'argument 1 "methods": expected a method, got "FOO" (method: FOO'],
  ["Methods(1)", "only string values are allowed", 'argument 1 "methods": expected a method, got 1 (only'],
  ["Source()", "invalid arguments", "expected at least 1 argument"],
  ['ClientIP("::1", 1)', "invalid arguments", 'argument 2 "ranges": expected an IP address or a range, got 1'],
  ['SourceFromLast("::")', "failed to parse cidr: addr is unspecified: ::", 'argument 1 "ranges": '],
  ['Cookie("a", "(")', "error parsing regexp: missing closing ): `(`", 'argument 2 "pattern": '],
  ['Cookie("a")', "invalid predicate parameters", "expected 2 arguments, got 1"],
  ['JWTPayloadAnyKV("a", "b", "c")', "invalid predicate parameters", "expected pairs of a claim and its value"],
  ['JWTPayloadAllKVRegexp("a", "(")', "invalid predicate parameters", "error parsing regexp: missing closing ): `(`"],
  ["Between(2, 1)", "invalid predicate parameters", "the first time must be before the second"],
  ['After(1, "UTC")', "invalid predicate parameters", "a time with a location has no offset"],
  ['Traffic(0.5, "c")', "invalid predicate parameters", "a cookie needs a group"],
  ["ContentLengthBetween(2, 1)", "invalid predicate parameters", "the first number must be below the second"],
  [
    "TrafficSegment(0)",
    "invalid predicate parameters: invalid number of arguments, expects two arguments",
    "expected 2",
  ],
  ['TrafficSegment("0", 1)', "invalid predicate parameters: min is out of range", 'argument 1 "min": '],
  ["TrafficSegment(0, 1.1)", "invalid predicate parameters: max is out of range", 'argument 2 "max": '],
  ["TrafficSegment(0.5, 0.4)", "invalid predicate parameters: invalid range", ""],
  ['HeaderSHA256("X", "zz")', 'encoding/hex: invalid byte: "z"', 'argument 2 "digests": '],
  ['HeaderSHA256("X", "00")', "invalid predicate parameters", 'argument 2 "digests": '],
  [
    'Cron("* * * *")',
    "invalid cron mask expression. expected 5 fields separated by whitespaces",
    'argument 1 "mask": ',
  ],
  ["Cron(1)", "invalid predicate parameters", 'argument 1 "mask": '],
];

test("the cause is in the words of the spec, and what else is known stands beside it", () => {
  for (const [predicate, cause, detail] of causes) {
    const problem = checkRoute(routeOf("r", `${predicate} -> <shunt>`), registry);
    assert.equal(problem?.reason, "invalid_predicate_params", predicate);
    const text = `invalid_predicate_params: failed to create predicate ${predicate}: ${cause}`;
    assert.equal(problem?.text, text);
    assert.ok(problem?.detail.startsWith(detail), `${predicate}: ${problem?.detail}`);
    assert.equal(problem?.detail === "", detail === "", predicate);
  }
});

test("a free wildcard may stand before a trailing slash that is taken off", () => {
  const route = routeOf("r", 'Path("/a/*x/") -> <shunt>');
  assert.equal(checkRoute(route, registry)?.reason, "invalid_matcher");
  assert.equal(checkRoute(route, registry, 0, undefined, true), null);
});

test("routes without fault, also ones that no request can match", () => {
  const valid = [
    '* -> ""',
    '* -> "https://EXAMPLE.org:8443"',
    '* -> "fastcgi://10.0.0.1:9000/x?y"',
    'Path("/a:b") -> <shunt>',
    'Path("/a*") -> <shunt>',
    'PathSubtree("/x/*rest") -> <shunt>',
    '* -> <roundRobin, "http://a", "http://b">',
    'Host("") && True(1, "x") -> status(418) -> <loopback>',
    "* -> <dynamic>",
  ];
  for (const expression of valid) assert.equal(checkRoute(routeOf("r", expression), registry), null, expression);
});

test("what a declaration expects stands beside the text", () => {
  const problem = checkRoute(routeOf("r", '* -> status("x") -> <shunt>'), registry);
  assert.equal(problem?.detail, 'argument 1 "code": expected a status, got "x"');
});

test("of an unknown name it is said what it was probably meant to be", () => {
  for (const [expression, detail] of [
    ["* -> staus(200) -> <shunt>", 'did you mean "status"?'],
    ["* -> completelyUnknown() -> <shunt>", ""],
    ["* -> Weight(1) -> <shunt>", "put it in front of the arrow"],
    ["status(200) -> <shunt>", "it is a filter"],
    ['PathSubTree("/") -> <shunt>', 'did you mean "PathSubtree"?'],
    ['* -> <leastRequest, "http://a">', 'did you mean "leastRequests"?'],
  ] as const) {
    assert.equal(checkRoute(routeOf("r", expression), registry)?.detail, detail, expression);
  }
});

test("load balanced routes that cannot be used are not listed", () => {
  const faults: readonly (readonly [string, string])[] = [
    ['* -> <fastest, "http://a">', "failed to set LB algorithm implementation for route r: unsupported algorithm"],
    ['* -> <"localhost:80">', "failed to parse LB endpoints for route r: "],
    ['* -> <"/x">', "failed to parse LB endpoints for route r: "],
  ];
  for (const [expression, text] of faults) {
    const problem = checkRoute(routeOf("r", expression), registry);
    assert.equal(problem?.listed, false, expression);
    assert.ok(problem?.text.startsWith(text), problem?.text);
  }
  const empty = makeRoute({ id: "r", backend: { type: "lb", algorithm: "", endpoints: [] } });
  assert.equal(checkRoute(empty, registry)?.text, "failed to post-process LB route: r, no endpoints defined");
});

test("an address that is told to be good at a glance is so when it is looked at closely", () => {
  const texts = fc.oneof(
    fc.string({ unit: fc.constantFrom(..."httpsHT:/.-_@?#[]%019a ", "http://", "https://", ":80"), maxLength: 12 }),
    fc.tuple(
      fc.constantFrom("http://", "https://"),
      fc.string({ unit: fc.constantFrom(..."aZ09.-:/ %[]"), maxLength: 8 }),
    ),
  );
  const addresses = texts.map((text) => (Array.isArray(text) ? text.join("") : text)).filter((text) => text !== "");
  fc.assert(
    fc.property(addresses, (address) => {
      const isGood = checkUrl(address) === "" && schemeOf(address) !== "" && !("error" in splitBackendAddress(address));
      const lb = { type: "lb", algorithm: "", endpoints: [{ address, zone: "" }] } as const;
      assert.equal(checkRoute(makeRoute({ id: "r", backend: lb }), registry) === null, isGood);
      const network = { type: "network", address } as const;
      assert.equal(checkRoute(makeRoute({ id: "r", backend: network }), registry) === null, isGood);
    }),
    { numRuns: 5000 },
  );
});

test("classic predicates from other notations are checked per route", () => {
  const faults: readonly (readonly [Call, string])[] = [
    [{ name: "Path", args: ["/a", "/b"] }, "invalid length of predicate args in Path, 2 instead of 1"],
    [{ name: "Header", args: ["A", 1] }, "expected argument of type string, Header"],
    [{ name: "Method", args: [] }, "invalid length of predicate args in Method, 0 instead of 1"],
  ];
  for (const [call, text] of faults) {
    const problem = checkRoute(makeRoute({ id: "r", backend: shuntBackend, predicates: [call] }), registry);
    assert.deepEqual([problem?.reason, problem?.text], ["other", text]);
  }
  const countsFirst = [
    { name: "Nope", args: [] },
    { name: "Path", args: [] },
    { name: "PathSubtree", args: ["/a"] },
  ];
  const counted = checkRoute(makeRoute({ id: "r", backend: shuntBackend, predicates: countsFirst }), registry);
  assert.equal(counted?.text, "invalid length of predicate args in Path, 0 instead of 1");
  const any = makeRoute({ id: "r", backend: shuntBackend, predicates: [{ name: "Any", args: [] }] });
  assert.equal(checkRoute(any, registry)?.reason, "unknown_predicate");
  const star = makeRoute({ id: "r", backend: shuntBackend, predicates: [{ name: "*", args: [] }] });
  assert.equal(checkRoute(star, registry), null);
  const broken = makeRoute({ id: "r", backend: shuntBackend, predicates: [{ name: "Host", args: ["("] }] });
  assert.equal(checkRoute(broken, registry)?.reason, "invalid_matcher");
});
