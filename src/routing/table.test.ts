import assert from "node:assert/strict";
import { test } from "node:test";
import { parseRoutes } from "../eskip/parser.ts";
import { makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { sharedBytes } from "../util/shared-arena.ts";
import { find, listed, openTable, put, routeOf } from "./table.fixture.ts";
import type { RoutingTable } from "./table.ts";
import type { TableTransaction } from "./table-transaction.ts";

test("a later source hides the route of an earlier one, also with an invalid one, until it goes", () => {
  const { table, reader } = openTable();
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
  const { table, reader } = openTable();
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
  const { table } = openTable();
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
  const { table } = openTable();
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

test("a writer that throws changes nothing", () => {
  const { table, reader } = openTable();
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
  const { table } = openTable();
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
  const { table } = openTable();
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
  const { table, reader } = openTable();
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

test("definitions are cleaned by their bytes", () => {
  const { table, reader } = openTable();
  put(table, 0, { r: 'Path("ü/") -> <shunt>', s: 'Path("a/") -> <shunt>', t: 'PathSubtree("/ü/:ä") -> <shunt>' });
  assert.equal(find(reader, { path: "/\xc3\xbc/" }), "r");
  assert.equal(find(reader, { path: "/\xc3\xbc" }), null);
  assert.equal(find(reader, { path: "/a" }), "s");
  assert.equal(find(reader, { path: "/\xc3\xbc/x" }), "t");
});

test("a path that cannot be built on is told, a line for each node, and its route is valid and never matches", () => {
  const { table, reader } = openTable();
  const routes = ['Path("/a/b:c/d")', 'PathSubtree("/a/b*/d/")', 'PathSubtree("/x:y/*rest")', 'Path("/:ok/:a:b")'];
  const { unbuildable } = table.transact(0, (transaction) => {
    for (const [i, path] of routes.entries()) transaction.upsert(routeOf(`r${i}`, `${path} -> <shunt>`));
  });
  const rests = ["b:c/d", "b*/d", "b*/d/**", "b*/d/", "x:y", "x:y/**", "x:y/"];
  assert.deepEqual(
    unbuildable,
    rests.map((rest) => `* or : in middle of path component ${rest}`),
  );
  assert.equal(table.count, 4);
  assert.deepEqual(table.invalid(), []);
  assert.deepEqual([find(reader, { path: "/a/b:c/d" }), find(reader, { path: "/x:y/z" })], [null, "r3"]);
});

test("texts of a file are used where they lie; few of them are copied", () => {
  const long = "x".repeat(1 << 20);
  const text = Buffer.from(
    `a: Path("/a") && Header("X-Long", "${long}") -> <shunt>;\n b // x\n : Path("/b") -> <shunt>; c : * -> "http://c.test";`,
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
  const whole = openTable();
  load(whole.table);
  const shown = listed(whole.table).map((line) => line.replace(long, "long"));
  assert.deepEqual(shown, [
    'a: Path("/a") && Header("X-Long", "long") -> <shunt>',
    'b: Path("/b") -> <shunt>',
    'c: * -> "http://c.test"',
  ]);
  assert.ok(whole.table.generation().segments.some((segment) => segment.buffer === bytes.buffer));
  const part = openTable();
  load(part.table, "c");
  assert.deepEqual(listed(part.table), ['c: * -> "http://c.test"']);
  assert.ok(part.table.generation().segments.every((segment) => segment.buffer !== bytes.buffer));
});
