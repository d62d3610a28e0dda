// From when to when the endpoints of a table are known, without any request.

import assert from "node:assert/strict";
import { test } from "node:test";
import { EndpointRegistry, FORGET_AFTER_MS } from "../backends/endpoint-registry.ts";
import { parseDocument } from "../eskip/parser.ts";
import { RoutingTable } from "../routing/table.ts";
import type { TableTransaction } from "../routing/table-transaction.ts";
import { shippedRegistry } from "./shipped-registry.ts";
import { watchEndpoints } from "./watch-endpoints.ts";

const START_MS = 1_000_000;
const LONG_MS = 10 * FORGET_AFTER_MS;

function watched() {
  let nowMs = START_MS;
  const now = () => nowMs;
  const log = { debug() {}, info() {}, warn() {}, error() {} };
  const registry = new EndpointRegistry({ workers: 1, health: null, log, now });
  const { endpoints } = registry;
  const options = {
    registry: shippedRegistry([]),
    ignoreTrailingSlash: false,
    publish: () => {},
    now,
    schedule: () => {},
  };
  const table = watchEndpoints(new RoutingTable(options), endpoints, now);
  return {
    table,
    /** Lets time pass, and forgets what is to be forgotten then. */
    pass(ms: number) {
      nowMs += ms;
      registry.forget();
    },
    now,
    apply(source: number, write: (transaction: TableTransaction) => void) {
      return table.transact(source, write);
    },
    /** Since when an endpoint is known; the present time when it is not. */
    knownSince(key: string): number {
      const slot = endpoints.acquire(key, nowMs);
      const ms = endpoints.detectedMs(slot);
      endpoints.release(slot, 0);
      registry.forget();
      return ms;
    },
  };
}

const put = (text: string) => (transaction: TableTransaction) => {
  for (const route of parseDocument(text).routes) transaction.upsert(route);
};

test("known from the first table on, for as long as a table has it, and a minute longer", () => {
  const { table, pass, now, apply, knownSince } = watched();
  apply(0, put('r: * -> fadeIn("3m") -> <"http://a:1", "http://b:2">'));
  assert.equal(table.count, 1);
  pass(LONG_MS);
  assert.deepEqual([knownSince("a:1"), knownSince("b:2"), knownSince("c:3")], [START_MS, START_MS, now()]);
  apply(0, put('r: * -> fadeIn("3m") -> <"http://a:1", "http://c:3">'));
  const later = now();
  pass(FORGET_AFTER_MS - 1);
  apply(0, put('r2: Path("/x") -> fadeIn("3m") -> <"http://b:2">'));
  pass(LONG_MS);
  assert.deepEqual([knownSince("a:1"), knownSince("b:2"), knownSince("c:3")], [START_MS, START_MS, later]);
  apply(0, (transaction) => transaction.delete("r2"));
  pass(FORGET_AFTER_MS);
  assert.deepEqual([knownSince("a:1"), knownSince("b:2")], [START_MS, now()]);
});

test("a route that does not fade in any more, a reset, other sources and variants", () => {
  const { pass, now, apply, knownSince } = watched();
  apply(0, put('r: * -> fadeIn("3m") -> <"http://a:1">; s: * -> fadeIn("3m") -> <"http://b:2">'));
  apply(1, put('r: * -> fadeIn("3m") -> <"http://c:3">'));
  apply(0, (transaction) => {
    const [clone] = parseDocument('r: Path("/c") -> fadeIn("3m") -> <"http://d:4">').routes;
    transaction.upsert(clone!, undefined, 1);
  });
  pass(LONG_MS);
  assert.deepEqual(["a:1", "b:2", "c:3", "d:4"].map(knownSince), [START_MS, START_MS, START_MS, START_MS]);
  apply(0, put('r: * -> <"http://a:1">'));
  pass(LONG_MS);
  assert.deepEqual(["a:1", "b:2", "c:3", "d:4"].map(knownSince), [now(), START_MS, START_MS, START_MS]);
  apply(0, (transaction) => {
    transaction.reset();
    put('s: * -> fadeIn("3m") -> <"http://b:2">')(transaction);
  });
  pass(LONG_MS);
  assert.deepEqual(["b:2", "c:3", "d:4"].map(knownSince), [START_MS, START_MS, now()]);
});

test("a change that fails changes nothing", () => {
  const { pass, now, apply, knownSince } = watched();
  apply(0, put('r: * -> fadeIn("3m") -> <"http://a:1">'));
  const fail = (transaction: TableTransaction) => {
    transaction.reset();
    put('r: * -> fadeIn("3m") -> <"http://b:2">')(transaction);
    throw new Error("source broke off");
  };
  assert.throws(() => apply(0, fail), /broke off/);
  pass(LONG_MS);
  assert.deepEqual(["a:1", "b:2"].map(knownSince), [START_MS, now()]);
});
