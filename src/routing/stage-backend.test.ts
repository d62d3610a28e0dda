import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { find, listed, openTable, put, routeOf } from "./table.fixture.ts";

const heads = [
  'Path("/a")',
  'Path("/a/:x") && Method("GET")',
  'PathSubtree("/a") && Host(/^(a[.]example[.]org)$/) && Weight(3)',
  'Host("b.example.org") && Header("X", "1")',
  "*",
  "* -> status(200)",
  'Path("/a") -> setRequestHeader("X", "1")',
  'Path("/a") -> setRequestHeader("X", "2")',
  'Path("/a/b:c")',
  'Path("/\u00c3")',
  'Path("/\u00c3\u0083")',
  "Nope()",
  'Method("GET") && Path("/a")',
];
const backends = ['"http://127.0.0.1"', '"http://127.0.0.2"', '<"http://127.0.0.1", "http://127.0.0.2">', "<shunt>"];
const badBackends = ['"http://127.0.0.1:x"', '<wrong, "http://127.0.0.1">'];

const requests = ["/a", "/a/b", "/\u00c3", "/\u00c3\u0083", "/"].flatMap((path) =>
  ["a.example.org", "b.example.org"].map((host) => ({ path, host, headers: { X: "1" } })),
);

test("however a table came about, it is the one that its routes make", () => {
  const change = fc.record({
    source: fc.nat({ max: 1 }),
    id: fc.constantFrom("r", "s"),
    head: fc.constantFrom(...heads),
    backend: fc.constantFrom(...backends, ...backends, ...badBackends),
  });
  fc.assert(
    fc.property(fc.array(change, { minLength: 1, maxLength: 12 }), (changes) => {
      const { table, reader } = openTable();
      const last = new Map<string, (typeof changes)[number]>();
      for (const one of changes) {
        put(table, one.source, { [one.id]: `${one.head} -> ${one.backend}` });
        last.set(`${one.source} ${one.id}`, one);
      }
      const fresh = openTable();
      for (const { source, id, head, backend } of last.values()) {
        put(fresh.table, source, { [id]: `${head} -> ${backend}` });
      }
      assert.deepEqual(listed(table), listed(fresh.table));
      assert.deepEqual(problems(table), problems(fresh.table));
      for (const request of requests) assert.equal(find(reader, request), find(fresh.reader, request));
    }),
    { numRuns: 400 },
  );

  function problems(table: ReturnType<typeof openTable>["table"]): string[] {
    return table
      .invalid()
      .map(({ route, problem }) => `${route.id} ${problem.reason}`)
      .sort();
  }
});

test("a backend that is not good makes the route invalid, and a good one valid again", () => {
  const { table, reader } = openTable();
  put(table, 0, { r: 'Path("/a") -> "http://127.0.0.1"' });
  put(table, 0, { r: 'Path("/a") -> "http://127.0.0.1:x"' });
  assert.deepEqual([find(reader, { path: "/a" }), table.invalid().length], [null, 1]);
  put(table, 0, { r: 'Path("/a") -> "http://127.0.0.2"' });
  assert.deepEqual([find(reader, { path: "/a" }), table.invalid().length], ["r", 0]);
});

test("what the log says of a path that cannot be built, it says at each change of the route", () => {
  const { table } = openTable();
  for (const backend of [1, 2]) {
    const result = table.transact(0, (transaction) => {
      transaction.upsert(routeOf("r", `Path("/a/b:c") -> "http://127.0.0.${backend}"`));
    });
    assert.equal(result.unbuildable.length, 1);
  }
});
