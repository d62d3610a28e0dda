// A table whose registry changes: what a plugin adds, takes away or weighs otherwise.

import assert from "node:assert/strict";
import { test } from "node:test";
import { int } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { defineFilter, type FilterSpec } from "../spec/filter.ts";
import { definePredicate, type PredicateSpec } from "../spec/predicate.ts";
import { Registry } from "../spec/registry.ts";
import { routeOf } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";

const plain = defineFilter({ name: "geo", summary: "", args: [], examples: [], create: () => ({}) });
const counted = defineFilter({ name: "geo", summary: "", args: [one("n", int)], examples: [], create: () => ({}) });

function heavy(weight: number): PredicateSpec {
  const declaration = { name: "Heavy", summary: "", args: [], examples: [], create: () => () => true };
  return definePredicate({ ...declaration, weight: () => weight });
}

function tableWith(filters: readonly FilterSpec[], predicates: readonly PredicateSpec[] = []) {
  const registry = new Registry([], []);
  registry.addPlugins(filters, predicates);
  const table = new RoutingTable({ registry, ignoreTrailingSlash: false, publish: () => {}, now: () => 0 });
  return { registry, table };
}

test("routes become valid and invalid with what the registry knows, each in its source", () => {
  const { registry, table } = tableWith([plain]);
  table.transact(0, (change) => {
    change.upsert(routeOf("none", "* -> geo() -> <shunt>"));
    change.upsert(routeOf("some", "* -> geo(1) -> <shunt>"));
    change.upsert(routeOf("word", '* -> "http://geo.test"'));
  });
  table.transact(1, (change) => change.upsert(routeOf("other", "* -> geo(2) -> <shunt>"), undefined, 3));
  const valid = () => table.page(0, 10).map(({ id }) => id);
  const invalid = () => table.invalid().map(({ route, problem }) => `${route.id} ${problem.reason}`);
  assert.deepEqual(valid(), ["none", "word"]);

  registry.addPlugins([counted], []);
  const results = table.recheck(["geo"]);
  assert.deepEqual(
    results.map(({ upserts, listed, unlisted }) => [upserts, listed.length, unlisted.length]),
    [
      [2, 1, 1],
      [1, 0, 1],
    ],
  );
  assert.deepEqual(valid(), ["other", "some", "word"]);
  assert.deepEqual(invalid(), ["none invalid_filter_params"]);

  registry.addPlugins([], []);
  table.recheck(["geo"]);
  assert.deepEqual(valid(), ["word"]);
  assert.deepEqual(invalid().sort(), ["none unknown_filter", "other unknown_filter", "some unknown_filter"]);
  assert.deepEqual(table.recheck(["geo"]), [], "nothing has changed");
  // The source takes its route back, whatever became of it meanwhile.
  table.transact(1, (change) => change.delete("other", 3));
  assert.equal(table.invalid().length, 2);
});

test("a predicate that weighs otherwise puts its routes in another place", () => {
  const { registry, table } = tableWith([], [heavy(1)]);
  table.transact(0, (change) => {
    change.upsert(routeOf("heavy", "Heavy() -> <shunt>"));
    change.upsert(routeOf("plain", "* -> <shunt>"));
  });
  const weights = () => {
    const { recordWeight } = table.generation();
    return table.page(0, 10).map(({ id }) => `${id} ${recordWeight.subarray(1, 8).join()}`);
  };
  const before = weights();
  registry.addPlugins([], [heavy(7)]);
  assert.equal(table.recheck(["Heavy"]).length, 1);
  assert.notDeepEqual(weights(), before);
  assert.deepEqual(table.recheck(["Heavy"]), []);
});
