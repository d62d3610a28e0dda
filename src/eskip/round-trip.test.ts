// What is printed reads back to the same route, whatever the route: random routes with odd strings, numbers and endpoints.

import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { canonicalRoute, normalizeSlots, routeListsEqual, routesEqual } from "./canonical.ts";
import { parseEndpoint } from "./endpoint.ts";
import { routesFromJson, routesToJson } from "./json.ts";
import { parseDocument, parseExpression, parseFilters, parsePredicates, parseRoutes } from "./parser.ts";
import { pretty, printExpression, printFilters, printRoutes } from "./printer.ts";
import type { Backend, Call, Route } from "./route.ts";
import { dynamicBackend, forwardBackend, loopbackBackend, makeRoute, shuntBackend } from "./route.ts";

const oddCharacters = [
  '"',
  "`",
  "\\",
  "/",
  "[",
  "]",
  "\n",
  "\t",
  "\x07",
  "\b",
  "\v",
  "\0",
  " ",
  ";",
  "//",
  "->",
  "ü",
  "😀",
  "a",
  "n",
  "\u2028",
];
const text = fc.oneof(
  fc.array(fc.constantFrom(...oddCharacters), { maxLength: 8 }).map((parts) => parts.join("")),
  fc.string({ unit: "grapheme", maxLength: 12 }),
);
const arg = fc.oneof(text, fc.double({ noNaN: true }), fc.integer());
const name = fc
  .stringMatching(/^[A-Za-z_][A-Za-z0-9_]{0,9}$/)
  .filter((s) => !/^(Any|Path|Host|PathRegexp|Method|Header|HeaderRegexp)$/.test(s));
const call: fc.Arbitrary<Call> = fc.record({ name, args: fc.array(arg, { maxLength: 3 }) }, { noNullPrototype: true });
const endpoint = fc
  .tuple(
    fc.constantFrom("http://a", "http://b:80/p", "http://[::1]:1"),
    fc.constantFrom("", "?x=1", "?y=%22&b=2", "?zone="),
    text,
  )
  .map(([base, query, zone]) => {
    const separator = query === "" ? "?" : "&";
    return parseEndpoint(zone === "" ? base + query : `${base}${query}${separator}zone=${encodeURIComponent(zone)}`);
  });
const backend: fc.Arbitrary<Backend> = fc.oneof(
  fc.constantFrom(shuntBackend, loopbackBackend, dynamicBackend, forwardBackend),
  text.map((address) => ({ type: "network", address }) as const),
  fc
    .tuple(fc.constantFrom("", "random", "shunt"), fc.array(endpoint, { minLength: 1, maxLength: 3 }))
    .map(([algorithm, endpoints]) => ({ type: "lb", algorithm, endpoints }) as const),
);
const route: fc.Arbitrary<Route> = fc
  .record({
    path: text,
    hostRegexps: fc.array(text, { maxLength: 2 }),
    pathRegexps: fc.array(text, { maxLength: 2 }),
    method: text,
    headers: fc.uniqueArray(fc.tuple(text, text), { maxLength: 3, selector: ([key]) => key }),
    // One pattern for each name: several are printed in sorted order.
    headerRegexps: fc.uniqueArray(fc.tuple(text, fc.tuple(text)), { maxLength: 2, selector: ([key]) => key }),
    predicates: fc.array(call, { maxLength: 3 }),
    filters: fc.array(call, { maxLength: 3 }),
    backend,
  })
  .map((fields) => makeRoute({ id: "", ...fields }));
const routes = fc.array(route, { maxLength: 4 }).map((list) => list.map((one, i) => ({ ...one, id: `r${i}` })));

function reread(document: string): Route[] {
  const { routes, error } = parseDocument(document);
  assert.equal(error, null, `${error?.message} in ${document}`);
  return routes;
}

test("printed documents parse back to equal routes", () => {
  fc.assert(
    fc.property(routes, (list) => {
      assert.ok(routeListsEqual(reread(printRoutes(list)), list));
      assert.ok(routeListsEqual(reread(printRoutes(list, pretty)), list));
      assert.equal(printRoutes(reread(printRoutes(list))), printRoutes(list));
    }),
    { numRuns: 500 },
  );
});

test("a single expression parses back, alone and out of its document", () => {
  fc.assert(
    fc.property(route, (one) => {
      const printed = printExpression(one);
      const bytes = Buffer.from(`// before\nx : ${printed} ; y: * -> <shunt>`);
      const found: [Route, string][] = [];
      assert.equal(
        parseRoutes(bytes, (each, start, end) => found.push([each, bytes.subarray(start, end).toString()])),
        null,
      );
      assert.equal(found[0]![1], printed);
      const start = bytes.indexOf(printed);
      const alone = parseExpression(bytes, start, start + Buffer.byteLength(printed), "x");
      assert.deepEqual(alone.route, found[0]![0]);
      assert.ok(routesEqual(alone.route, { ...one, id: "x" }));
    }),
  );
});

test("filter chains parse back", () => {
  fc.assert(
    fc.property(fc.array(call, { maxLength: 4 }), (filters) => {
      assert.deepEqual(parseFilters(printFilters(filters)).filters, filters);
    }),
  );
});

test("the canonical form is a fixed point, equal to its route, and survives JSON and listing", () => {
  fc.assert(
    fc.property(route, (one) => {
      const canonical = canonicalRoute(one);
      assert.deepEqual(canonicalRoute(canonical), canonical);
      assert.ok(routesEqual(one, canonical));
      assert.ok(routesEqual(one, normalizeSlots(canonical)));
      const json = routesToJson([one]);
      if (json.error !== "") return;
      const read = routesFromJson(json.text);
      assert.equal(read.error, "");
      assert.ok(routesEqual(read.routes[0]!, one));
    }),
  );
});

const sample = Buffer.from(
  '// c\nab: Path("/ä\\"") && Host(/a[/]\\/b/) && * && P(,1, -.5, `x`)->f("\\n")->"http://a";\n' +
    'c:Header("a","b")&&HeaderRegexp("a",/b/)-><random,"http://a?zone=z","http://b">;; d: * -> <forward>',
);

test("a document cut at any byte is refused or read, and errors stay inside it", () => {
  for (let end = 0; end <= sample.length; end++) {
    const { routes, error } = parseDocument(sample.subarray(0, end));
    if (error === null) assert.deepEqual(routes, reread(sample.toString()).slice(0, routes.length));
    else assert.ok(error.position <= end && error.message !== "");
  }
});

test("random changes of a document never throw, and what is accepted prints and parses back", () => {
  const bytes = fc.constantFrom(...Buffer.from('"`/\\[]()<>-&*;:,.0aZ_ \n\x85\xa0\xff\xc3#', "latin1"));
  const change = fc.tuple(fc.nat(sample.length - 1), bytes, fc.constantFrom("replace", "insert", "remove"));
  fc.assert(
    fc.property(fc.array(change, { maxLength: 4 }), (changes) => {
      const mutated = [...sample];
      for (const [at, byte, how] of changes) {
        mutated.splice(at, how === "insert" ? 0 : 1, ...(how === "remove" ? [] : [byte]));
      }
      const { routes, error } = parseDocument(Buffer.from(mutated));
      if (error === null) assert.ok(routeListsEqual(reread(printRoutes(routes)), routes) || repeatsId(routes));
      else assert.ok(error.position <= mutated.length && error.line >= 1 && error.column >= 1);
    }),
    { numRuns: 2000 },
  );
});

test("random text never throws", () => {
  const bytes = fc.uint8Array({ maxLength: 40 });
  fc.assert(
    fc.property(bytes, (input) => {
      parseDocument(input);
      parseFilters(Buffer.from(input).toString());
      parsePredicates(Buffer.from(input).toString());
    }),
    { numRuns: 1000 },
  );
});

function repeatsId(routes: readonly Route[]): boolean {
  return new Set(routes.map(({ id }) => id)).size < routes.length;
}
