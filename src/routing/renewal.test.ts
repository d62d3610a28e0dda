import assert from "node:assert/strict";
import { test } from "node:test";
import { TableReader } from "./reader.ts";
import { find, openTable, put, routeOf, TestInstance } from "./table.fixture.ts";
import type { RoutingTableOptions } from "./table.ts";

/** A table with a reader whose renewals run when the test says so, and the ids of the routes that it built. */
function open(options: Partial<RoutingTableOptions> = {}, isBroken: (id: string) => boolean = () => false) {
  const built: string[] = [];
  const instances: TestInstance[] = [];
  const steps: (() => void)[] = [];
  const reader = new TableReader(
    (route) => {
      if (isBroken(route.id)) throw new Error("cannot be built");
      const backend = route.backend.type === "network" ? route.backend.address : "";
      built.push(`${route.id} ${backend}`);
      const instance = new TestInstance(route);
      instances.push(instance);
      return instance;
    },
    { ignoreTrailingSlash: false, schedule: (step) => steps.push(step) },
  );
  const { table } = openTable(options, undefined, reader);
  return {
    table,
    reader,
    steps,
    instances,
    /** What was built since the last call. */
    built: () => built.splice(0),
    /** Runs what is scheduled; gives the number of steps. */
    renew: () => {
      let count = 0;
      for (; steps.length > 0; count++) steps.shift()!();
      return count;
    },
  };
}

function route(path: string, backend: number): string {
  return `Path("/${path}") -> "http://127.0.0.${backend}"`;
}

test("a route that requests used is built when it changes, before the next request for it", () => {
  const { table, reader, built, renew } = open();
  put(table, 0, { a: route("a", 1), b: route("b", 1), c: route("c", 1) });
  find(reader, { path: "/a" });
  find(reader, { path: "/b" });
  renew();
  assert.deepEqual(built(), ["a http://127.0.0.1", "b http://127.0.0.1"]);
  put(table, 0, { a: route("a", 2), b: route("b", 2), c: route("c", 2) });
  assert.equal(find(reader, { path: "/none" }), null);
  renew();
  assert.deepEqual(built(), ["a http://127.0.0.2", "b http://127.0.0.2"], "one nobody asked for is left alone");
  for (const path of ["a", "b"]) assert.equal(find(reader, { path: `/${path}` }), path);
  assert.equal(renew(), 0, "nothing changed");
  assert.deepEqual(built(), []);
});

test("a route that was built so and not asked for since is not built again", () => {
  const { table, reader, built, renew } = open();
  put(table, 0, { a: route("a", 1) });
  find(reader, { path: "/a" });
  renew();
  for (let backend = 2; backend < 6; backend++) {
    put(table, 0, { a: route("a", backend) });
    find(reader, { path: "/none" });
    renew();
  }
  assert.deepEqual(built(), ["a http://127.0.0.1", "a http://127.0.0.2"]);
  assert.equal(find(reader, { path: "/a" }), "a");
  assert.deepEqual(built(), ["a http://127.0.0.5"]);
});

test("of several changes between two renewals the last one is built", () => {
  const { table, reader, built, renew } = open();
  put(table, 0, { a: route("a", 1), b: route("b", 1) });
  find(reader, { path: "/a" });
  find(reader, { path: "/b" });
  renew();
  built();
  for (let backend = 2; backend < 6; backend++) put(table, 0, { a: route("a", backend) });
  table.transact(0, (transaction) => transaction.delete("b"));
  find(reader, { path: "/none" });
  renew();
  assert.deepEqual(built(), ["a http://127.0.0.5"]);
});

test("a route that is given twice in one change follows the one that was there", () => {
  const { table, reader, built, renew } = open();
  put(table, 0, { a: route("a", 1) });
  find(reader, { path: "/a" });
  renew();
  built();
  table.transact(0, (transaction) => {
    for (const backend of [2, 3]) transaction.upsert(routeOf("a", route("a", backend)));
  });
  find(reader, { path: "/none" });
  renew();
  assert.deepEqual(built(), ["a http://127.0.0.3"]);
});

test("a route that becomes invalid is not built, nor one that takes its place later", () => {
  const { table, reader, built, renew } = open();
  put(table, 0, { a: route("a", 1) });
  find(reader, { path: "/a" });
  renew();
  built();
  put(table, 0, { a: 'Nope() -> "http://127.0.0.2"' });
  find(reader, { path: "/none" });
  renew();
  put(table, 0, { a: route("a", 3) });
  find(reader, { path: "/none" });
  renew();
  assert.deepEqual(built(), []);
  assert.equal(find(reader, { path: "/a" }), "a");
});

test("a route that cannot be built keeps no other one from it, and is tried again by its request", () => {
  let isBroken = false;
  const { table, reader, built, renew } = open({}, (id) => isBroken && id === "a");
  put(table, 0, { a: route("a", 1), b: route("b", 1) });
  find(reader, { path: "/a" });
  find(reader, { path: "/b" });
  renew();
  built();
  isBroken = true;
  put(table, 0, { a: route("a", 2), b: route("b", 2) });
  find(reader, { path: "/none" });
  renew();
  assert.deepEqual(built(), ["b http://127.0.0.2"]);
  assert.throws(() => find(reader, { path: "/a" }), /cannot be built/);
  isBroken = false;
  assert.equal(find(reader, { path: "/a" }), "a");
});

test("a large change is looked at in steps, and requests between them see the new table", () => {
  const { table, reader, built, steps, renew } = open();
  const count = 5000;
  const all = (backend: number) =>
    Object.fromEntries(Array.from({ length: count }, (_, i) => [`r${i}`, route(`r${i}`, backend)]));
  put(table, 0, all(1));
  for (const i of [0, count - 1]) find(reader, { path: `/r${i}` });
  renew();
  built();
  put(table, 0, all(2));
  find(reader, { path: "/none" });
  steps.shift()!();
  assert.deepEqual(built(), ["r0 http://127.0.0.2"]);
  assert.equal(find(reader, { path: `/r${count - 2}` }), `r${count - 2}`);
  assert.deepEqual(built(), [`r${count - 2} http://127.0.0.2`]);
  assert.ok(renew() > 2);
  assert.deepEqual(built(), [`r${count - 1} http://127.0.0.2`]);
});

test("the instance that was replaced is let go once, and renewals go on when records have new numbers", () => {
  const compactions: (() => void)[] = [];
  const { table, reader, instances, built, renew } = open({
    compactAfter: 10,
    schedule: (step) => compactions.push(step),
  });
  put(table, 0, { a: route("a", 1), b: route("b", 1) });
  find(reader, { path: "/a" });
  renew();
  for (let backend = 2; backend < 20; backend++) {
    put(table, 0, { a: route("a", backend) });
    find(reader, { path: "/a" });
    renew();
  }
  while (!reader.sweep());
  assert.equal(reader.instances, 1);
  assert.deepEqual(
    instances.map(({ released }) => released),
    [...Array(18).fill(1), 0],
  );
  while (compactions.length > 0) compactions.shift()!();
  assert.equal(table.generation().numbering, 1);
  built();
  find(reader, { path: "/a" });
  put(table, 0, { a: route("a", 20) });
  find(reader, { path: "/b" });
  renew();
  assert.deepEqual(built(), ["b http://127.0.0.1", "a http://127.0.0.20"]);
  while (!reader.sweep());
  assert.equal(reader.instances, 2);
});
