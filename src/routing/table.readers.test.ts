// Readers in threads of their own against the plain twin, while the main thread makes random changes: every thread makes the same
// changes from the same seed, and a route that names the number of the last change tells which of them a pinned table holds.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { said } from "../../test/support/threads.ts";
import { deliver, pick, type RandomSnapshot, RandomTable, randomOf } from "./random-table.fixture.ts";
import { LookupResult, TablePin } from "./reader.ts";
import { readerOf, requestOf, routeOf, testRegistry } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";
import type { TableGeneration } from "./table-generation.ts";

const SEED = 20_261;
const IDS = 60;
const LOOKUPS = 8_000;
/** No random request has this path. */
const MARKER = "/.change";

interface Report {
  readonly lookups: number;
  /** Tables that were compared. */
  readonly tables: number;
  readonly fault: string;
}

if (isMainThread) {
  for (const isNarrow of [false, true]) {
    const what = isNarrow ? "routes of one path" : "routes of many paths";
    test(`readers in threads agree with the twin, ${what}`, { timeout: 120_000 }, async (t) => {
      const workers: Worker[] = [];
      t.after(() => Promise.all(workers.map((worker) => worker.terminate())));
      const table = new RoutingTable({
        registry: testRegistry,
        ignoreTrailingSlash: false,
        publish: (generation) => {
          for (const worker of workers) worker.postMessage(generation);
        },
        now: Date.now,
        initialRoutes: 4,
        compactAfter: isNarrow ? 1000 : 40,
        stepMs: 0,
        schedule: (step) => setImmediate(step),
      });
      const twin = new RandomTable(randomOf(SEED), IDS, isNarrow);
      let changes = 0;
      const change = (): void => {
        const next = twin.propose();
        twin.accept(next);
        changes++;
        table.transact(next.source, (transaction) => {
          deliver(transaction, next);
          // The heaviest is the newest.
          const marker = `Path("${MARKER}") && Weight(${changes}) -> "http://v${changes}"`;
          transaction.upsert(routeOf(`marker-${next.source}`, marker));
        });
      };
      change();
      for (let i = 0; i < 2; i++) {
        workers.push(
          new Worker(new URL(import.meta.url), { workerData: { generation: table.generation(), isNarrow } }),
        );
      }
      let working = workers.length;
      const reports = Promise.all(workers.map((worker) => said<Report>(worker).finally(() => working--)));
      // They are waited for below.
      reports.catch(() => {});
      for (; working > 0; await new Promise((resolve) => setImmediate(resolve))) change();
      for (const report of await reports) {
        assert.equal(report.fault, "");
        assert.ok(report.tables > 100, `${report.tables} tables`);
      }
      const { serial, numbering } = table.generation();
      assert.ok(numbering > 0 && serial - numbering > 3, `${numbering} compactions, ${serial} generations`);
    });
  }
} else {
  const { generation, isNarrow } = workerData as { readonly generation: TableGeneration; readonly isNarrow: boolean };
  const reader = readerOf({ maxInstances: 30 }, generation);
  const twin = new RandomTable(randomOf(SEED), IDS, isNarrow);
  const random = randomOf(SEED + 1);
  const result = new LookupResult();
  const marker = requestOf({ path: MARKER });
  const pinned: { readonly pin: TablePin; readonly change: number; readonly expected: RandomSnapshot }[] = [];
  let lookups = 0;
  let tables = 0;
  let changes = 0;
  let fault = "";

  const changeOf = (pin: TablePin): number => {
    const backend = reader.lookup(pin, marker, result)?.route.backend;
    return backend?.type === "network" ? Number(backend.address.slice("http://v".length)) : -1;
  };
  /** Pins the table as it is, and brings the twin up to it. */
  const pinNow = (): void => {
    const pin = new TablePin();
    reader.pin(pin);
    const change = changeOf(pin);
    if (change < changes) fault ||= `change ${change} after ${changes}`;
    for (; changes < change; changes++) twin.accept(twin.propose());
    if (pinned.length > 3) pinned.splice(random(3), 1);
    pinned.push({ pin, change, expected: twin.snapshot(false) });
    tables++;
  };
  const check = (): void => {
    const { pin, change, expected } = pick(random, pinned);
    const request = expected.request(random);
    const found = reader.lookup(pin, request, result);
    const wanted = expected.matcher.lookup(request);
    lookups++;
    const where = `change ${change}: ${request.method} ${request.host} ${request.matchPath}`;
    if (found?.id !== wanted?.route.id) fault ||= `${where}: ${found?.id} instead of ${wanted?.route.id}`;
    for (const [name, value] of wanted?.params ?? []) {
      if (result.param(name) !== value) fault ||= `${where}: ${name} is ${result.param(name)} instead of ${value}`;
    }
  };
  parentPort!.on("message", (message: TableGeneration) => reader.adopt(message));
  const loop = (): void => {
    pinNow();
    for (let i = 0; i < 40; i++) check();
    reader.sweep();
    if (fault === "" && lookups < LOOKUPS) setImmediate(loop);
    else parentPort!.postMessage({ lookups, tables, fault } satisfies Report);
  };
  loop();
}
