import assert from "node:assert/strict";
import { test } from "node:test";
import { LookupResult } from "./reader.ts";
import { find, openTable, pinOf, put, requestOf, routeOf, type TestInstance } from "./table.fixture.ts";

test("lookup order of the spec's example: each definition wins when the ones before it are gone", () => {
  const definitions = [
    'Path("/a/b/c")',
    'Path("/a/b/:x")',
    'Path("/a/b/**")',
    'Path("/a/:x/c")',
    'Path("/a/:x/:y")',
    'PathSubtree("/a/:x")',
    'PathSubtree("/a")',
    'Path("/:x/b/c")',
    'Path("/:x/b/:y")',
    'Path("/:x/**")',
    'Path("/**")',
    "Weight(1000)",
  ];
  const { table, reader } = openTable();
  table.transact(0, (transaction) => {
    for (const [i, definition] of definitions.entries()) {
      transaction.upsert(routeOf(`r${i}`, `${definition} -> <shunt>`));
    }
  });
  for (let i = 0; i < definitions.length; i++) {
    assert.equal(find(reader, { path: "/a/b/c" }), `r${i}`);
    table.transact(0, (transaction) => transaction.delete(`r${i}`));
  }
  assert.equal(find(reader, { path: "/a/b/c" }), null);
});

test("the worked examples of the spec", () => {
  const { table, reader } = openTable();
  put(table, 0, {
    ids: 'Path("/v1/:kind/:id") -> <shunt>',
    user: 'Path("/v1/users/:id") && Header("X-Beta", "on") -> <shunt>',
    tree: 'PathSubtree("/v1/users") && Weight(50) -> <shunt>',
    get: 'Path("/v1/:kind/:id") && Method("GET") -> <shunt>',
    any: 'Header("X-Beta", "on") && Weight(1000) -> <shunt>',
  });
  const beta = { "X-Beta": "on" };
  assert.equal(find(reader, { path: "/v1/users/7", headers: beta }), "user");
  assert.equal(find(reader, { path: "/v1/users/7" }), "tree");
  assert.equal(find(reader, { path: "/v1/items/7" }), "get");
  assert.equal(find(reader, { path: "/v1/items/7", method: "PUT" }), "ids");
  assert.equal(find(reader, { path: "/v1/items", headers: beta }), "any");
  assert.equal(find(reader, { path: "/v1/items" }), null);
  assert.equal(find(reader, { path: "/v1//users/./7/../8", headers: beta }), "user");
});

test("which requests a definition matches", () => {
  const cases: readonly (readonly [string, readonly string[], readonly string[]])[] = [
    ['PathSubtree("/x")', ["/x", "/x/", "/x/y", "/x/y/"], ["/xy", "/", "/X"]],
    ['PathSubtree("/")', ["/", "/a", "/a/b/"], []],
    ['PathSubtree("/**")', ["/", "/a"], []],
    ['Path("/**")', ["/a", "/a/"], ["/"]],
    ['Path("/x/**")', ["/x/y", "/x/y/"], ["/x", "/x/"]],
    ['Path("/x/:id")', ["/x/1"], ["/x/", "/x", "/x/1/"]],
    ['Path("/a%20b")', ["/a%20b"], ["/a b"]],
    ['Path("/h/i/..")', ["/h"], ["/h/"]],
    ['Path("/a:b")', [], ["/a:b", "/a"]],
    ['PathSubtree("/c/d:e/f")', [], ["/c", "/c/d:e/f"]],
    ['Path("/ü")', ["/\u00c3\u00bc"], ["/\u00fc"]],
    ['PathSubtree("")', ["/", "/any"], []],
  ];
  for (const [definition, matching, others] of cases) {
    const { table, reader } = openTable();
    put(table, 0, { r: `${definition} -> <shunt>` });
    for (const path of matching) assert.equal(find(reader, { path }), "r", `${definition} ${path}`);
    for (const path of others) assert.equal(find(reader, { path }), null, `${definition} ${path}`);
    assert.equal(table.count, 1);
  }
});

test("the index by host never changes which route is asked first", () => {
  const { table, reader } = openTable();
  put(table, 0, {
    rest: 'PathSubtree("/") && Host("test") && Weight(1) -> <shunt>',
    exact: 'PathSubtree("/") && Host("^(a[.]test)$") -> <shunt>',
    wild: 'PathSubtree("/") && Host("^([^.]+[.]test[.]?(:[0-9]+)?)$") && Weight(2) && Method("GET") -> <shunt>',
    b: 'PathSubtree("/") && Host("^(a[.]test)$") && Host("a") -> <shunt>',
  });
  assert.equal(find(reader, { host: "a.test" }), "wild");
  assert.equal(find(reader, { host: "a.test", method: "PUT" }), "b");
  assert.equal(find(reader, { host: "x.y.test", method: "PUT" }), "rest");
  assert.equal(find(reader, { host: "a.test:80" }), "wild");
  table.transact(0, (transaction) => transaction.delete("rest"));
  assert.equal(find(reader, { host: "a.test", method: "PUT" }), "b");
  table.transact(0, (transaction) => transaction.delete("b"));
  assert.equal(find(reader, { host: "a.test", method: "PUT" }), "exact");
});

test("of equal weights at one node the smaller id wins, whatever the order of delivery", () => {
  const { table, reader } = openTable();
  put(table, 0, { c: 'Path("/") && Host("^a$") -> <shunt>', b: 'Path("/") && True() -> <shunt>' });
  put(table, 1, { a: 'PathSubtree("/") && Method("GET") -> <shunt>' });
  for (const wanted of ["a", "b", "c"]) {
    assert.equal(find(reader, { host: "a" }), wanted);
    table.transact(wanted === "a" ? 1 : 0, (transaction) => transaction.delete(wanted));
  }
});

test("routes that are delivered again unchanged keep their instances; a change makes one new one", () => {
  const { table, reader } = openTable();
  const routes = { a: 'Path("/a") -> <shunt>', b: 'Path("/b") -> <shunt>' };
  put(table, 0, routes);
  const pin = pinOf(reader);
  const result = new LookupResult();
  const first = reader.lookup(pin, requestOf({ path: "/a" }), result);
  const again = table.transact(0, (transaction) => {
    transaction.reset();
    for (const [id, text] of Object.entries(routes)) transaction.upsert(routeOf(id, text));
  });
  assert.deepEqual([again.changed, again.deletes], [false, 0]);
  assert.equal(reader.lookup(pinOf(reader), requestOf({ path: "/a" }), result), first);
  put(table, 0, { a: 'Path("/a") && True() -> <shunt>' });
  const second = reader.lookup(pinOf(reader), requestOf({ path: "/a" }), result);
  assert.notEqual(second, first);
  assert.equal(reader.lookup(pin, requestOf({ path: "/a" }), result), first, "a request keeps the table it began with");
});

test("instances are bounded; each is let go once, when evicted or when its route went", () => {
  const { table, reader } = openTable({}, 4);
  const all = new Set<TestInstance>();
  const result = new LookupResult();
  const ask = (path: string): void => {
    const found = reader.lookup(pinOf(reader), requestOf({ path }), result);
    if (found !== null) all.add(found);
  };
  put(table, 0, Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`r${i}`, `Path("/${i}") -> <shunt>`])));
  for (let i = 0; i < 10; i++) ask(`/${i}`);
  assert.equal(reader.instances, 4);
  assert.equal([...all].filter((one) => one.released === 1).length, 6);
  table.transact(0, (transaction) => transaction.reset());
  while (!reader.sweep());
  assert.equal(reader.instances, 0);
  assert.ok([...all].every((one) => one.released === 1));
});

test("compaction keeps instances of routes that stay, lets go the others, and old pins stay whole", () => {
  const steps: (() => void)[] = [];
  const { table, reader, published } = openTable({ compactAfter: 5, stepMs: 0, schedule: (step) => steps.push(step) });
  const result = new LookupResult();
  const routes = Object.fromEntries(Array.from({ length: 60 }, (_, i) => [`r${i}`, `Path("/${i}") -> <shunt>`]));
  put(table, 0, routes);
  const pin = pinOf(reader);
  const stays = reader.lookup(pin, requestOf({ path: "/0" }), result);
  const goes = reader.lookup(pin, requestOf({ path: "/1" }), result);
  assert.ok(stays !== null && goes !== null);
  table.transact(0, (transaction) => {
    for (let i = 1; i < 50; i++) transaction.delete(`r${i}`);
  });
  assert.equal(steps.length, 1);
  steps.shift()!();
  assert.equal(steps.length, 1, "one step is not enough");
  put(table, 0, { r55: 'Path("/new") -> <shunt>' });
  table.transact(0, (transaction) => transaction.delete("r0x"));
  while (steps.length > 0) steps.shift()!();
  assert.equal(table.generation().numbering, 1);
  assert.equal(published.at(-1), table.generation().serial);
  assert.equal(reader.lookup(pinOf(reader), requestOf({ path: "/0" }), result), stays);
  assert.deepEqual([stays.released, goes.released], [0, 1]);
  assert.equal(find(reader, { path: "/1" }), null);
  assert.equal(find(reader, { path: "/new" }), "r55");
  assert.equal(find(reader, { path: "/55" }), null);
  assert.equal(reader.lookup(pin, requestOf({ path: "/0" }), result), stays);
  assert.equal(find(reader, { path: "/1" }, pin), "r1");
  assert.equal(find(reader, { path: "/55" }, pin), "r55");
});

test("a route that changes all the time does not make lookups walk over its former versions", () => {
  const { table, reader } = openTable();
  for (let i = 0; i < 2000; i++) put(table, 0, { r: `PathSubtree("/") && Weight(${i % 7}) -> <shunt>` });
  const { entryNext, entryRecord, chainHead, recordRemoved } = table.generation();
  assert.equal(find(reader), "r");
  let longest = 0;
  for (const head of chainHead) {
    let length = 0;
    for (let entry = head; entry !== 0; entry = entryNext[entry]!) length++;
    longest = Math.max(longest, length);
  }
  assert.ok(longest < 100, `${longest} entries`);
  assert.ok(entryRecord.length > 0 && recordRemoved.length > 0);
});
