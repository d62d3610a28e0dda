import assert from "node:assert/strict";
import { beforeEach, describe, test } from "node:test";
import { parseDocument } from "../eskip/parser.ts";
import type { Route } from "../eskip/route.ts";
import type { Logger } from "../observability/log.ts";
import { cloneRoutes } from "../routing/pre-processors/change-rule.ts";
import type { RouteTransaction } from "../spec/data-client.ts";
import type { PreProcessor } from "../spec/processor.ts";
import { RouteIntake, type RouteIntakeOptions } from "./route-intake.ts";

const lines: string[] = [];
const line = (message: string): void => void lines.push(message);
const log: Logger = { debug: line, info: line, warn: line, error: line };
/** What is served: lines by id. */
const served = new Map<string, string>();
const refused = new Map<string, number>();

beforeEach(() => {
  lines.length = 0;
  served.clear();
  refused.clear();
});

function intake(preProcessors: readonly PreProcessor[] = [], more: Partial<RouteIntakeOptions> = {}): RouteIntake {
  return new RouteIntake({
    preProcessors,
    fixed: [],
    fixedPreProcessors: [],
    check: ({ filters }) =>
      filters.some(({ name }) => name === "bad")
        ? { reason: "unknown_filter", text: 'unknown_filter: filter "bad" not found', detail: "", listed: true }
        : null,
    log,
    refused: (id, _reason, by) => refused.set(id, (refused.get(id) ?? 0) + by),
    accepted: (changes) => {
      for (const [id, route] of changes) {
        if (route === null) served.delete(id);
        else served.set(id, route.line);
      }
    },
    failed: () => {},
    ...more,
  });
}

function routes(text: string): readonly Route[] {
  const parsed = parseDocument(text);
  assert.equal(parsed.error, null);
  return parsed.routes;
}

/** One transaction: what is upserted as eskip, ids that are deleted. */
function change(of: RouteIntake, text: string, deletes: readonly string[] = [], isReset = false): void {
  of.apply(isReset, (transaction: RouteTransaction) => {
    if (isReset) transaction.reset();
    for (const route of routes(text)) transaction.upsert(route);
    for (const id of deletes) transaction.delete(id);
  });
}

const ids = () => [...served.keys()].sort();

describe("what a source delivers", () => {
  test("is served, replaced, deleted, and replaced as a whole", () => {
    const one = intake();
    change(one, "a: * -> <shunt>; b: * -> <shunt>;", [], true);
    change(one, "b: * -> <loopback>; c: * -> <shunt>;", ["a", "unknown"]);
    assert.deepEqual(ids(), ["b", "c"]);
    assert.equal(served.get("b"), "b: * -> <loopback>;");
    change(one, "d: * -> <shunt>; d: * -> <loopback>;", ["d"], true);
    assert.deepEqual([...served], [["d", "d: * -> <loopback>;"]]);
  });

  test("is not there when its transaction throws", () => {
    const one = intake();
    change(one, "a: * -> <shunt>;", [], true);
    assert.throws(() =>
      one.apply(false, (transaction) => {
        transaction.delete("a");
        throw new Error("broken");
      }),
    );
    change(one, "b: * -> <shunt>;");
    assert.deepEqual(ids(), ["a", "b"]);
  });

  test("stands beside fixed routes, which nothing of it replaces", () => {
    const one = intake([], { fixed: routes("__fixed: * -> bad() -> <shunt>;") });
    assert.deepEqual(ids(), []);
    change(one, "a: * -> <shunt>;", [], true);
    change(one, "b: * -> <shunt>;", [], true);
    assert.deepEqual(ids(), ["__fixed", "b"]);
  });
});

describe("invalid routes", () => {
  test("are kept out and reported once, until they are mended or gone", () => {
    const one = intake();
    change(one, "a: * -> <shunt>; b: * -> bad() -> <shunt>; c: * -> bad() -> <shunt>;", [], true);
    change(one, 'b: Path("/") -> bad() -> <shunt>;');
    assert.deepEqual(ids(), ["a"]);
    const told = ["b", "c"].map((id) => `failed to process route ${id}: unknown_filter: filter "bad" not found`);
    assert.deepEqual(lines, told);
    assert.deepEqual(Object.fromEntries(refused), { b: 1, c: 1 });
    change(one, "b: * -> <shunt>;", ["c"]);
    assert.deepEqual(ids(), ["a", "b"]);
    assert.deepEqual(Object.fromEntries(refused), { b: 0, c: 0 });
    change(one, "a: * -> bad() -> <shunt>;");
    assert.deepEqual(ids(), ["b"]);
    assert.equal(lines.length, 3);
  });

  test("of a long list are told up to a hundred, then their number", () => {
    const text = Array.from({ length: 150 }, (_, i) => `r${i}: * -> bad() -> <shunt>;`).join("\n");
    change(intake(), text, [], true);
    assert.equal(lines.length, 101);
    assert.equal(lines.at(-1), "failed to process routes, count: 150");
  });
});

describe("clones", () => {
  const clone = (pattern: string, replacement: string, number: number) =>
    cloneRoutes({ pattern, replacement }, number, log);

  test("come and go with their routes; of one id that of the latest rule is served", () => {
    const one = intake([clone("Path", "PathSubtree", 0), clone("Path[(]", "PathRegexp(", 1)]);
    change(one, 'a: Path("/a") -> <shunt>; b: * -> <shunt>;', [], true);
    assert.ok(ids().includes("clone_a"));
    assert.match(served.get("clone_a")!, /PathRegexp/);
    assert.equal(served.has("clone_b"), false);
    change(one, "a: * -> <shunt>;");
    assert.deepEqual(ids(), ["a", "b"]);
  });

  test("give their id back to the route that has it by itself", () => {
    const one = intake([clone("Path", "PathSubtree", 0)]);
    change(one, 'clone_a: * -> <loopback>; a: Path("/a") -> <shunt>;', [], true);
    assert.match(served.get("clone_a")!, /PathSubtree/);
    change(one, "", ["a"]);
    assert.equal(served.get("clone_a"), "clone_a: * -> <loopback>;");
  });
});
