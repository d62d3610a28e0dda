// Filters and predicates that throw where no exchange calls them, in a real table: the request fails, the worker and other routes go on.

import assert from "node:assert/strict";
import { test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { fakeEnv } from "../../test/support/fake-context.ts";
import { TableReader } from "../routing/reader.ts";
import { put, testEnv } from "../routing/table.fixture.ts";
import { RoutingTable } from "../routing/table.ts";
import { string } from "../spec/arg-kinds.ts";
import { one } from "../spec/args.ts";
import { defineFilter } from "../spec/filter.ts";
import { definePredicate } from "../spec/predicate.ts";
import { Registry } from "../spec/registry.ts";
import { plainIntake } from "./listener.ts";
import { startProxy, type TestProxy } from "./proxy.fixture.ts";
import { RouteBuilder, type RouteBuilderOptions } from "./route-builder.ts";
import type { RouteInstance } from "./route-instance.ts";

/** What filters did, in order. */
let steps: string[] = [];
/** Lets the requests go on that wait in the filter `waits`. */
let go: () => void = () => {};

const filters = [
  defineFilter({
    name: "served",
    summary: "",
    args: [],
    create: () => ({ request: (ctx) => ctx.serve(204, [], null) }),
  }),
  defineFilter({
    name: "waits",
    summary: "",
    args: [],
    create: () => ({
      request: (ctx) => {
        steps.push("in");
        ctx.atEnd(() => void steps.push("end"));
        return new Promise((resolve) => {
          go = resolve;
        });
      },
      response: (ctx) => {
        steps.push(`out ${ctx.response.status}`);
      },
      close: () => void steps.push("closed"),
    }),
  }),
  defineFilter({
    name: "again",
    summary: "",
    args: [],
    create: () => ({
      response: (ctx) => {
        ctx.request.path = "/waits";
        ctx.rerun();
      },
    }),
  }),
  defineFilter({
    name: "to",
    summary: "",
    args: [one("path", string)],
    create: ([path]) => ({
      request: (ctx) => void (ctx.request.path = path),
      close: () => void steps.push(`closed ${path}`),
    }),
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

async function proxyWith(
  routes: Readonly<Record<string, string>>,
): Promise<{ proxy: TestProxy; table: RoutingTable; reader: TableReader<RouteInstance> }> {
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
  return { proxy: started, table, reader };
}

async function until(condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; !condition(); await pause(5)) {
    if (Date.now() > limit) assert.fail(`it does not come; so far: ${steps}`);
  }
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

test("filters are closed once, after the last request that entered their route, by way of loopbacks too", async () => {
  steps = [];
  const { proxy, table, reader } = await proxyWith({
    waits: 'Path("/waits") -> waits() -> served() -> <shunt>',
    first: 'Path("/first") -> to("/second") -> again() -> <loopback>',
    second: 'Path("/second") -> to("/third") -> served() -> <shunt>',
  });
  const answer = status(proxy, "/first");
  await until(() => steps.includes("in"));
  table.transact(0, (transaction) => {
    for (const id of ["waits", "first", "second"]) transaction.delete(id);
  });
  while (!reader.sweep());
  assert.equal(reader.instances, 0);
  assert.deepEqual(steps, ["in"], "the dropped answer's route is in use as well");
  go();
  assert.equal(await answer, 204);
  await until(() => steps.includes("closed"));
  assert.deepEqual(steps.slice(0, 3), ["in", "out 204", "end"]);
  assert.deepEqual(steps.slice(3).sort(), ["closed", "closed /second", "closed /third"]);
});

test("filters that nobody uses are closed when their route goes", async () => {
  steps = [];
  const { proxy, table, reader } = await proxyWith({ to: 'Path("/to") -> to("/x") -> <shunt>' });
  assert.equal(await status(proxy, "/to"), 404);
  assert.deepEqual(steps, []);
  table.transact(0, (transaction) => transaction.delete("to"));
  while (!reader.sweep());
  assert.deepEqual(steps, ["closed /x"]);
});
