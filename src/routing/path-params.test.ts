import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeQueryValue, LookupResult } from "./path-params.ts";
import { TablePin } from "./reader.ts";
import { readerOf, requestOf, routeOf, testRegistry } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";

/** Definition, decoded request path, parameters; a missing name reads as undefined. */
const table: readonly (readonly [string, string, Readonly<Record<string, string | undefined>>])[] = [
  ['Path("/u/:id")', "/u/a+b", { id: "a b", other: undefined }],
  ['Path("/u/:id")', "/u/a%2Fb", { id: "a/b" }],
  ['Path("/u/:id")', "/u/%zz", { id: "%zz" }],
  ['Path("/u/:id")', "/u/%z+", { id: "%z+" }],
  ['Path("/f/*rest")', "/f/x/y/", { rest: "/x/y/", "*": undefined }],
  ['Path("/h/*")', "/h/x/y", { "*": "/x/y" }],
  ['Path("/h/**")', "/h/x/y", { "*": "/x/y" }],
  ['Path("/h/***")', "/h/x", { "**": "/x", "*": undefined }],
  ['PathSubtree("/s")', "/s", { "*": "/" }],
  ['PathSubtree("/s")', "/s/", { "*": "/" }],
  ['PathSubtree("/s")', "/s/x//y/", { "*": "/x/y/" }],
  ['PathSubtree("/s/:k/*t")', "/s/1", { k: "1", t: "/" }],
  ['PathSubtree("/s/:k/*t")', "/s/1/2/3", { k: "1", t: "/2/3" }],
  ['Path("/p/:x/:")', "/p/a/b", { x: "b" }],
  ['Path("/p/:/:x")', "/p/a/b", { x: "b" }],
  ['Path("/p/:x/:x")', "/p/a/b", { x: "a" }],
  ['PathSubtree("/p/:/b")', "/p/a/b", { "*": "/a" }],
  ['PathSubtree("/p/:/b")', "/p/a/b/c/d", { "*": "/c/d" }],
  ['PathSubtree("/p/:*")', "/p/a/b", { "*": "/b" }],
  ['Path("/a/:a:b/::")', "/a/1/2", { "a:b": "1", ":": "2" }],
  ['PathSubtree("/")', "/", { "*": "/" }],
  ["*", "/a/b", { "*": undefined }],
];

function paramsOf(predicates: string, path: string, ignoreTrailingSlash = false): LookupResult {
  const table = new RoutingTable({ registry: testRegistry, ignoreTrailingSlash, publish: () => {}, now: () => 0 });
  table.transact(0, (transaction) => transaction.upsert(routeOf("r", `${predicates} -> <shunt>`)));
  const reader = readerOf({ ignoreTrailingSlash }, table.generation());
  const pin = new TablePin();
  reader.pin(pin);
  const result = new LookupResult();
  assert.notEqual(reader.lookup(pin, requestOf({ path }), result), null, `${predicates} ${path}`);
  return result;
}

test("parameters are those of the spec's table", () => {
  for (const [predicates, path, wanted] of table) {
    const result = paramsOf(predicates, path);
    for (const [name, value] of Object.entries(wanted)) {
      assert.equal(result.param(name), value, `${predicates} ${path} ${name}`);
    }
  }
});

test("with trailing slashes ignored the rest of a subtree has none", () => {
  assert.equal(paramsOf('PathSubtree("/s")', "/s/x/", true).param("*"), "/x");
});

test("a path of many segments has all its parameters", () => {
  const names = Array.from({ length: 100 }, (_, i) => `n${i}`);
  const result = paramsOf(`Path("/${names.map((name) => `:${name}`).join("/")}")`, `/${names.join("/")}`);
  for (const name of names) assert.equal(result.param(name), name);
});

test("query decoding: a bad escape leaves the whole value alone", () => {
  assert.equal(decodeQueryValue("a%41+%2b"), "aA +");
  for (const bad of ["%", "%4", "%4g", "a%", "+%zz", "%41%"]) assert.equal(decodeQueryValue(bad), bad);
});
