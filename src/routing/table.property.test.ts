// The table against its plain twin: random routes of several sources, random changes, random requests; the current table and
// tables that were pinned before, with growth and compaction in between.

import assert from "node:assert/strict";
import { test } from "node:test";
import type { ReferenceMatcher } from "./matcher.reference.ts";
import { LookupResult, TablePin, type TableReader } from "./reader.ts";
import { ReferenceTable, readerOf, requestOf, routeOf, type TestInstance, testRegistry } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";

/** Numbers that repeat for a seed (a linear congruence), so that a failure can be run again. */
function randomOf(seed: number): (below: number) => number {
  let state = seed;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

const SEGMENTS = ["a", "b", "ab", "x%2F", ":x", ":y", ":", "ü"];
const ENDS = ["", "", "", "/", "/*", "/**", "/*rest"];
const PREDICATES = [
  'Host("^a[.]test$")',
  'Host("^(a[.]test[.]?(:[0-9]+)?|b[.]test[.]?(:[0-9]+)?)$")',
  'Host("^([^.]+[.]test[.]?(:[0-9]+)?)$")',
  'Host("test")',
  'HostAny("a.test", "c.test:80", "")',
  'Method("GET")',
  'Header("X", "1")',
  "Weight(2)",
  "Weight(-3)",
  "True()",
  "False()",
  'PathRegexp("/$")',
];
const PATHS = [
  "/",
  "/a",
  "/a/",
  "/a/b",
  "/b/ab/a",
  "/ab",
  "/x%2F",
  "/a/+/c",
  "/a/%zz/",
  "/a/b/ab/a/b",
  "/\u00c3\u00bc/a",
];
const HOSTS = ["a.test", "b.test:80", "a.test.", "c.test:80", "c.test", "x.y.test", "test", "", "A.test"];

type Random = (below: number) => number;

function pick<T>(random: Random, list: readonly T[]): T {
  return list[random(list.length)]!;
}

function randomExpression(random: Random): string {
  const predicates: string[] = [];
  const kind = random(8);
  if (kind > 0) {
    let path = "";
    for (let i = random(4); i > 0; i--) path += `/${pick(random, SEGMENTS)}`;
    path += pick(random, ENDS);
    if (kind === 1) path = `/a${path.slice(1)}`;
    predicates.push(`${kind < 5 ? "Path" : "PathSubtree"}("${path}")`);
  }
  for (let i = random(4); i > 0; i--) {
    const predicate = pick(random, PREDICATES);
    const isRepeated = predicates.some((known) => known.slice(0, 7) === predicate.slice(0, 7));
    if (!isRepeated || predicate.startsWith("Host")) predicates.push(predicate);
  }
  return `${predicates.join(" && ") || "*"} -> <shunt>`;
}

interface Snapshot {
  readonly pin: TablePin;
  readonly expected: ReferenceMatcher;
}

function check(reader: TableReader<TestInstance>, snapshot: Snapshot, random: Random): void {
  const request = requestOf({
    path: pick(random, PATHS) + (random(3) === 0 ? pick(random, PATHS) : ""),
    host: pick(random, HOSTS),
    method: pick(random, ["GET", "PUT"]),
    headers: random(2) === 0 ? { X: "1" } : {},
  });
  const result = new LookupResult();
  const found = reader.lookup(snapshot.pin, request, result);
  const wanted = snapshot.expected.lookup(request);
  const where = `${request.method} ${request.host} ${request.matchPath}`;
  assert.equal(found?.id ?? null, wanted?.route.id ?? null, where);
  if (found === null || wanted === null) return;
  assert.deepEqual(found.route, wanted.route, where);
  const params = new Map(result.names.map((name) => [name, result.param(name) ?? ""]));
  for (const [name, value] of wanted.params) assert.equal(params.get(name), value, `${where}: ${name}`);
}

function run(seed: number, ignoreTrailingSlash: boolean): number {
  const random = randomOf(seed);
  const reader = readerOf({ ignoreTrailingSlash, maxInstances: 5 + random(60) }, null);
  const table = new RoutingTable({
    registry: testRegistry,
    ignoreTrailingSlash,
    publish: (generation) => reader.adopt(generation),
    now: () => 0,
    initialRoutes: 4,
    compactAfter: 3,
    stepMs: 0,
    schedule: (step) => steps.push(step),
  });
  const steps: (() => void)[] = [];
  const ids = 3 + random(28);
  const reference = new ReferenceTable();
  const snapshots: Snapshot[] = [];
  let checked = 0;
  for (let step = 0; step < 40; step++) {
    const source = random(3);
    table.transact(source, (transaction) => {
      const routes = reference.source(source);
      if (random(12) === 0) {
        transaction.reset();
        routes.clear();
      }
      const upserts = random(6);
      const delivered = new Set<string>();
      for (let i = 0; i < upserts; i++) {
        const id = `r${random(ids)}`;
        const route =
          random(6) === 0
            ? (routes.get(id) ?? routeOf(id, randomExpression(random)))
            : routeOf(id, randomExpression(random));
        transaction.upsert(route);
        routes.set(id, route);
        delivered.add(id);
      }
      for (let i = random(3); i > 0; i--) {
        const id = `r${random(ids)}`;
        transaction.delete(id);
        if (!delivered.has(id)) routes.delete(id);
      }
    });
    const pin = new TablePin();
    reader.pin(pin);
    snapshots.push({ pin, expected: reference.matcher(ignoreTrailingSlash) });
    if (snapshots.length > 6) snapshots.splice(random(5), 1);
    for (let i = 0; i < 12; i++, checked++) check(reader, snapshots[snapshots.length - 1]!, random);
    for (let i = 0; i < 4; i++, checked++) check(reader, pick(random, snapshots), random);
    if (random(4) === 0) reader.sweep();
    if (random(2) === 0) steps.shift()?.();
    const valid = reference.winners().map((route) => route.id);
    assert.deepEqual(
      table.page(0, 1000).map((route) => route.id),
      valid.sort(),
    );
  }
  compactions += table.generation().numbering;
  return checked;
}

let compactions = 0;

test("the indexed table answers as the plain one, for every pinned version", () => {
  let checked = 0;
  for (let seed = 1; checked < 100_000; seed++) {
    try {
      checked += run(seed, seed % 4 === 0);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  assert.ok(compactions > 100, `${compactions} compactions`);
});
