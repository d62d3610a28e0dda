import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoutes } from "../eskip/parser.ts";
import { printExpression } from "../eskip/printer.ts";
import { makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { sharedBytes } from "../util/shared-arena.ts";
import { LookupResult, TablePin, type TableReader } from "./reader.ts";
import { type RequestFields, readerOf, requestOf, routeOf, type TestInstance, testRegistry } from "./table.fixture.ts";
import { RoutingTable, type RoutingTableOptions, type TableTransaction } from "./table.ts";

interface Pair {
  readonly table: RoutingTable;
  readonly reader: TableReader<TestInstance>;
  /** Generations that were published. */
  readonly published: number[];
}

function open(options: Partial<RoutingTableOptions> = {}, maxInstances = 1000): Pair {
  const published: number[] = [];
  const reader = readerOf({ maxInstances }, null);
  const table = new RoutingTable({
    registry: testRegistry,
    ignoreTrailingSlash: false,
    publish: (generation) => {
      published.push(generation.serial);
      reader.adopt(generation);
    },
    now: () => 0,
    ...options,
  });
  reader.adopt(table.generation());
  return { table, reader, published };
}

function put(table: RoutingTable, source: number, routes: Readonly<Record<string, string>>): void {
  table.transact(source, (transaction) => {
    for (const [id, expression] of Object.entries(routes)) transaction.upsert(routeOf(id, expression));
  });
}

function find(reader: TableReader<TestInstance>, fields: RequestFields = {}, pin = pinOf(reader)): string | null {
  return reader.lookup(pin, requestOf(fields), new LookupResult())?.id ?? null;
}

function pinOf(reader: TableReader<TestInstance>): TablePin {
  const pin = new TablePin();
  reader.pin(pin);
  return pin;
}

function listed(table: RoutingTable): string[] {
  return table.page(0, 1000).map((route) => `${route.id}: ${printExpression(route)}`);
}

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
  const { table, reader } = open();
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
  const { table, reader } = open();
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
    const { table, reader } = open();
    put(table, 0, { r: `${definition} -> <shunt>` });
    for (const path of matching) assert.equal(find(reader, { path }), "r", `${definition} ${path}`);
    for (const path of others) assert.equal(find(reader, { path }), null, `${definition} ${path}`);
    assert.equal(table.count, 1);
  }
});

test("the index by host never changes which route is asked first", () => {
  const { table, reader } = open();
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
  const { table, reader } = open();
  put(table, 0, { c: 'Path("/") && Host("^a$") -> <shunt>', b: 'Path("/") && True() -> <shunt>' });
  put(table, 1, { a: 'PathSubtree("/") && Method("GET") -> <shunt>' });
  for (const wanted of ["a", "b", "c"]) {
    assert.equal(find(reader, { host: "a" }), wanted);
    table.transact(wanted === "a" ? 1 : 0, (transaction) => transaction.delete(wanted));
  }
});

test("a later source hides the route of an earlier one, also with an invalid one, until it goes", () => {
  const { table, reader } = open();
  put(table, 1, { r: 'Path("/one") -> <shunt>' });
  put(table, 2, { r: 'Path("/two") -> <shunt>' });
  assert.deepEqual([find(reader, { path: "/one" }), find(reader, { path: "/two" })], [null, "r"]);
  put(table, 2, { r: "Nope() -> <shunt>" });
  assert.equal(table.count, 0);
  assert.deepEqual(
    table.invalid().map(({ route, problem }) => [route.id, problem.reason]),
    [["r", "unknown_predicate"]],
  );
  table.transact(2, (transaction) => transaction.reset());
  assert.equal(find(reader, { path: "/one" }), "r");
  assert.equal(table.count, 1);
  assert.deepEqual(table.invalid(), []);
});

test("routes that cannot be used are left out and reported, and mended ones vanish from the list", () => {
  const { table, reader } = open();
  const result = table.transact(0, (transaction) => {
    transaction.upsert(routeOf("ok", "* -> <shunt>"));
    transaction.upsert(routeOf("bad", "Host(/(/) -> <shunt>"));
    transaction.upsert(routeOf("lb", '* -> <fastest, "http://a">'));
  });
  assert.equal(result.upserts, 3);
  assert.deepEqual(
    result.invalid.map(({ route }) => route.id),
    ["bad", "lb"],
  );
  assert.deepEqual(
    table.invalid().map(({ route }) => route.id),
    ["bad"],
  );
  assert.deepEqual([table.count, find(reader)], [1, "ok"]);
  put(table, 0, { bad: 'Path("/") -> <shunt>' });
  assert.deepEqual(table.invalid(), []);
  assert.deepEqual([table.count, find(reader)], [2, "bad"]);
});

test("within a transaction the last of an id wins, and what is deleted and delivered is there", () => {
  const { table } = open();
  put(table, 0, { a: 'Path("/a") -> <shunt>', b: 'Path("/b") -> <shunt>' });
  const result = table.transact(0, (transaction) => {
    transaction.upsert(routeOf("a", 'Path("/first") -> <shunt>'));
    transaction.delete("a");
    transaction.delete("b");
    transaction.delete("unknown");
    transaction.upsert(routeOf("a", 'Path("/last") -> <shunt>'));
  });
  assert.equal(result.deletes, 1);
  assert.deepEqual(listed(table), ['a: Path("/last") -> <shunt>']);
});

test("a reset leaves what is delivered again, and the routes of other sources", () => {
  const { table } = open();
  put(table, 0, { a: "* -> <shunt>", b: "* -> <shunt>" });
  put(table, 1, { c: "* -> <shunt>" });
  table.transact(0, (transaction) => {
    transaction.reset();
    transaction.upsert(routeOf("b", "* -> <shunt>"));
    transaction.upsert(routeOf("d", "* -> <shunt>"));
  });
  assert.deepEqual(
    table.page(0, 9).map(({ id }) => id),
    ["b", "c", "d"],
  );
});

test("routes that are delivered again unchanged keep their instances; a change makes one new one", () => {
  const { table, reader } = open();
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

test("a writer that throws changes nothing", () => {
  const { table, reader } = open();
  put(table, 0, { a: "* -> <shunt>" });
  const { version } = table;
  const fault = new Error("source failed");
  const write = (transaction: TableTransaction): void => {
    transaction.reset();
    transaction.upsert(routeOf("b", 'Path("/") -> <shunt>'));
    transaction.upsert(routeOf("c", "Nope() -> <shunt>"));
    throw fault;
  };
  assert.throws(() => table.transact(0, write), fault);
  assert.deepEqual([table.version, find(reader), table.invalid().length], [version, "a", 0]);
  put(table, 0, { b: 'Path("/") -> <shunt>' });
  assert.equal(find(reader), "b");
});

test("variants of one id are routes of their own", () => {
  const { table } = open();
  table.transact(0, (transaction) => {
    transaction.upsert(routeOf("r", 'Path("/a") -> <shunt>'));
    transaction.upsert(routeOf("r", 'Path("/b") -> <shunt>'), undefined, 1);
  });
  assert.deepEqual(
    table
      .page(0, 9)
      .map(({ path }) => path)
      .sort(),
    ["/a", "/b"],
  );
  table.transact(0, (transaction) => transaction.delete("r"));
  assert.deepEqual(
    table.page(0, 9).map(({ path }) => path),
    ["/b"],
  );
  assert.equal(table.get(0, "r"), null);
  assert.equal(table.get(0, "r", 1)?.path, "/b");
});

test("pages are sorted by the bytes of the id and follow changes", () => {
  const { table } = open();
  const ids = ["m", "B", "b", "ä", "z", "a10", "a9", "", "\u{1f600}", "\uff00"];
  put(table, 0, Object.fromEntries(ids.map((id) => [id, "* -> <shunt>"])));
  const sorted = [...ids].sort((a, b) => Buffer.compare(Buffer.from(a), Buffer.from(b)));
  assert.deepEqual(
    table.page(0, 99).map(({ id }) => id),
    sorted,
  );
  assert.deepEqual(
    table.page(2, 3).map(({ id }) => id),
    sorted.slice(2, 5),
  );
  assert.deepEqual(table.page(99, 5), []);
  table.transact(0, (transaction) => {
    transaction.delete("m");
    transaction.upsert(routeOf("c", "* -> <shunt>"));
  });
  const changed = sorted.filter((id) => id !== "m");
  changed.splice(changed.indexOf("b") + 1, 0, "c");
  assert.deepEqual(
    table.page(0, 99).map(({ id }) => id),
    changed,
  );
});

test("classic predicates in the list are listed in their slots, Path stays where it stood", () => {
  const { table, reader } = open();
  const route: Route = makeRoute({
    id: "r",
    backend: shuntBackend,
    predicates: [
      { name: "True", args: [] },
      { name: "Host", args: ["^a$"] },
      { name: "Path", args: ["/p"] },
      { name: "Method", args: ["PUT"] },
      { name: "Method", args: ["GET"] },
      { name: "Weight", args: [3] },
    ],
  });
  table.transact(0, (transaction) => transaction.upsert(route));
  assert.deepEqual(listed(table), ['r: Host(/^a$/) && Method("GET") && True() && Path("/p") && Weight(3) -> <shunt>']);
  assert.equal(find(reader, { host: "a", path: "/p" }), "r");
  assert.equal(find(reader, { host: "a", path: "/p", method: "PUT" }), null);
});

test("texts of a file are used where they lie; few of them are copied", () => {
  const text = Buffer.from(
    'a: Path("/a") -> <shunt>;\n b /* */ // x\n : Path("/b") -> <shunt>; c : * -> "http://c.test";'.replace(
      "/* */ ",
      "",
    ),
  );
  const bytes = sharedBytes(text.length);
  bytes.set(text);
  const load = (table: RoutingTable, only?: string): void => {
    table.transact(0, (transaction) => {
      const error = parseRoutes(bytes, (route, start, end) => {
        if (only === undefined || route.id === only) transaction.upsert(route, { bytes, start, end });
      });
      assert.equal(error, null);
    });
  };
  const whole = open();
  load(whole.table);
  assert.deepEqual(listed(whole.table), [
    'a: Path("/a") -> <shunt>',
    'b: Path("/b") -> <shunt>',
    'c: * -> "http://c.test"',
  ]);
  assert.ok(whole.table.generation().segments.some((segment) => segment.buffer === bytes.buffer));
  const part = open();
  load(part.table, "c");
  assert.deepEqual(listed(part.table), ['c: * -> "http://c.test"']);
  assert.ok(part.table.generation().segments.every((segment) => segment.buffer !== bytes.buffer));
});

test("instances are bounded; each is let go once, when evicted or when its route went", () => {
  const { table, reader } = open({}, 4);
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
  const { table, reader, published } = open({ compactAfter: 5, stepMs: 0, schedule: (step) => steps.push(step) });
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
  const { table, reader } = open();
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
