// The table against its plain twin: random routes of several sources, random changes, random requests; the current table and
// tables that were pinned before, in the middle of changes that come to something or not, with growth and compaction in between.

import assert from "node:assert/strict";
import { test } from "node:test";
import { deliver, pick, type Random, type RandomSnapshot, RandomTable, randomOf } from "./random-table.fixture.ts";
import { LookupResult, TablePin, type TableReader } from "./reader.ts";
import { readerOf, type TestInstance, testRegistry } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";
import type { TableGeneration } from "./table-generation.ts";

/** What the lookups met: each must have happened often for the comparison to mean anything. */
const met = { lookups: 0, found: 0, pathless: 0, behindRefusal: 0, tied: 0, wildcard: 0, free: 0, deep: 0, byHost: 0 };
const seen = { during: 0, older: 0, grown: 0, compactions: 0 };

interface Snapshot {
  readonly pin: TablePin;
  readonly expected: RandomSnapshot;
}

function check(reader: TableReader<TestInstance>, { pin, expected }: Snapshot, random: Random): void {
  const request = expected.request(random);
  const result = new LookupResult();
  const found = reader.lookup(pin, request, result);
  const wanted = expected.matcher.lookup(request);
  const where = `${request.method} ${request.host} ${request.matchPath} ${request.headers.get("X") ?? ""}`;
  met.lookups++;
  assert.equal(found?.id ?? null, wanted?.route.id ?? null, where);
  if (found === null || wanted === null) return;
  assert.deepEqual(found.route, wanted.route, where);
  for (const [name, value] of wanted.params) assert.equal(result.param(name), value, `${where}: ${name}`);
  for (const name of result.names) assert.equal(result.param(name) ?? "", wanted.params.get(name) ?? "", where);
  met.found++;
  if (wanted.node === "") met.pathless++;
  if (wanted.refused > 0) met.behindRefusal++;
  if (wanted.tied) met.tied++;
  if (wanted.node.includes("/:")) met.wildcard++;
  if (wanted.node.includes("/*")) met.free++;
  if (wanted.node.split("/").length > 32) met.deep++;
  if (/Host/.test(JSON.stringify(wanted.route.predicates)) || wanted.route.hostRegexps.length > 0) met.byHost++;
}

/** A table with its twin and a reader that follows. */
function run(seed: number): void {
  const random = randomOf(seed);
  const ignoreTrailingSlash = seed % 4 === 0;
  const isNarrow = seed % 3 === 0;
  const reader = readerOf({ ignoreTrailingSlash, maxInstances: 5 + random(60) }, null);
  const steps: (() => void)[] = [];
  const adopt = (generation: TableGeneration): void => {
    seen.grown++;
    reader.adopt(generation);
  };
  const table = new RoutingTable({
    registry: testRegistry,
    ignoreTrailingSlash,
    publish: adopt,
    now: () => 0,
    initialRoutes: 4,
    // Chains are rewritten only where no compaction comes first.
    compactAfter: isNarrow ? 1_000_000 : 3,
    stepMs: 0,
    schedule: (step) => steps.push(step),
  });
  reader.adopt(table.generation());
  const twin = new RandomTable(random, 3 + random(40), isNarrow);
  const snapshots: Snapshot[] = [];
  const pinNow = (): void => {
    const pin = new TablePin();
    reader.pin(pin);
    snapshots.push({ pin, expected: twin.snapshot(ignoreTrailingSlash) });
    if (snapshots.length > 6) snapshots.splice(random(5), 1);
  };
  const checkAny = (times: number): void => {
    for (let i = 0; i < times; i++, seen.older++) check(reader, pick(random, snapshots), random);
  };
  /** What is not published yet must not show, neither to who began before nor to who begins now. */
  const during = (): void => {
    const pin = new TablePin();
    reader.pin(pin);
    check(reader, { pin, expected: snapshots.at(-1)!.expected }, random);
    checkAny(1);
    seen.during += 2;
  };
  pinNow();
  for (let round = 0; round < 80; round++) {
    if (random(6) === 0) {
      const given = new Error("given up");
      const write = (): void => {
        table.transact(0, (transaction) => {
          deliver(transaction, twin.propose(), during);
          throw given;
        });
      };
      assert.throws(write, given);
    }
    const change = twin.propose();
    table.transact(change.source, (transaction) => deliver(transaction, change, during));
    twin.accept(change);
    pinNow();
    for (let i = 0; i < 10; i++) check(reader, snapshots.at(-1)!, random);
    checkAny(4);
    if (random(4) === 0) reader.sweep();
    for (let i = random(3); i > 0; i--) steps.shift()?.();
    checkAny(1);
    const listed = table.page(0, 1000).map((route) => route.id);
    assert.deepEqual(listed, twin.ids(true));
    assert.deepEqual(new Set(table.invalid().map(({ route }) => route.id)), new Set(twin.ids(false)));
  }
  seen.compactions += table.generation().numbering;
}

test("the indexed table answers as the plain one, for every pinned version", () => {
  for (let seed = 1; met.lookups < 100_000; seed++) {
    try {
      run(seed);
    } catch (error) {
      throw new Error(`seed ${seed}`, { cause: error });
    }
  }
  for (const [what, count] of Object.entries({ ...met, ...seen })) assert.ok(count > 100, `${what}: ${count}`);
});
