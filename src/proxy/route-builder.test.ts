// Filters and predicates that throw where no exchange calls them, in a real table: the request fails, the worker and other routes go on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { fakeEnv } from "../../test/support/fake-context.ts";
import { TableReader } from "../routing/reader.ts";
import { put, testEnv } from "../routing/table.fixture.ts";
import { RoutingTable } from "../routing/table.ts";
import { defineFilter } from "../spec/filter.ts";
import { definePredicate } from "../spec/predicate.ts";
import { Registry } from "../spec/registry.ts";
import { plainIntake } from "./listener.ts";
import { startProxy, type TestProxy } from "./proxy.fixture.ts";
import { RouteBuilder, type RouteBuilderOptions } from "./route-builder.ts";

let closed = 0;

const filters = [
  defineFilter({
    name: "served",
    summary: "",
    args: [],
    create: () => ({ request: (ctx) => ctx.serve(204, [], null), close: () => void closed++ }),
  }),
  defineFilter({
    name: "brokenCreate",
    summary: "",
    args: [],
    create: () => {
      throw new Error("no such filter today");
    },
  }),
];

const predicates = [
  definePredicate({
    name: "BrokenCreate",
    summary: "",
    args: [],
    create: () => {
      throw new Error("no such predicate today");
    },
  }),
  definePredicate({
    name: "BrokenTest",
    summary: "",
    args: [],
    create: () => () => {
      throw new Error("no such test today");
    },
  }),
  definePredicate({ name: "Never", summary: "", args: [], create: () => () => false }),
];

async function proxyWith(routes: Readonly<Record<string, string>>): Promise<{ proxy: TestProxy; table: RoutingTable }> {
  const started = await startProxy(plainIntake);
  const { proxy } = started;
  const registry = new Registry(filters, predicates);
  const builder = new RouteBuilder({
    registryFor: () => registry,
    pools: proxy.pools,
    metrics: proxy.metrics,
    predicateEnv: testEnv,
    filterEnv: fakeEnv(),
    balancerEnv: {} as RouteBuilderOptions["balancerEnv"],
  });
  const reader = new TableReader((route) => builder.build(route), { ignoreTrailingSlash: false });
  const table = new RoutingTable({
    registry,
    ignoreTrailingSlash: false,
    publish: (generation) => reader.adopt(generation),
    now: Date.now,
  });
  reader.adopt(table.generation());
  put(table, 0, routes);
  Object.assign(proxy, { table: reader });
  return { proxy: started, table };
}

const status = async ({ port }: TestProxy, path: string) => (await fetch(`http://127.0.0.1:${port}${path}`)).status;

for (const [what, route, text] of [
  ["a filter that cannot be created", "brokenCreate() -> served()", "no such filter today"],
  ["a predicate that cannot be created", "BrokenCreate() -> served()", "no such predicate today"],
  ["a predicate whose test throws", "BrokenTest() -> served()", "no such test today"],
] as const) {
  test(`${what} costs its requests a 500, logged with limits; other routes go on`, async () => {
    const isFilter = what.startsWith("a filter");
    const { proxy } = await proxyWith({
      bad: `Path("/bad")${isFilter ? " -> " : " && "}${route} -> <shunt>`,
      good: 'Path("/good") -> served() -> <shunt>',
    });
    for (let i = 0; i < 5; i++) assert.equal(await status(proxy, "/bad"), 500);
    assert.equal(await status(proxy, "/good"), 204);
    const lines = proxy.logged.filter((line) => line.includes(text));
    assert.ok(lines.length > 0 && lines.length <= 3, lines.join("\n"));
    assert.match(lines[0]!, /^error .*route-builder\.test\.ts/s, "the stack");
  });
}

test("a broken part of a route that does not match a request is not asked", async () => {
  const { proxy } = await proxyWith({
    filter: 'Path("/a") && Never() -> brokenCreate() -> <shunt>',
    predicate: 'Path("/a") && Never() && BrokenCreate() -> <shunt>',
    good: 'Path("/a") -> served() -> <shunt>',
  });
  assert.equal(await status(proxy, "/a"), 204);
});
