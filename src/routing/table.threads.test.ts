// Readers in threads of their own while the main thread changes the table: every pinned table is one whole version, through growth
// of the columns, rewritten chains and compactions.

import assert from "node:assert/strict";
import { test } from "node:test";
import { isMainThread, parentPort, Worker, workerData } from "node:worker_threads";
import { said } from "../../test/support/threads.ts";
import { LookupResult, TablePin } from "./reader.ts";
import { readerOf, requestOf, routeOf, testRegistry } from "./table.fixture.ts";
import { RoutingTable } from "./table.ts";
import type { TableGeneration } from "./table-generation.ts";

/** All routes of one version name it in their backend; every version changes the route of each of these paths. */
const PATHS = ["/", "/a", "/a/b", "/a/b/c", "/x/y"];
const HOSTS = ["one.test", "two.test", "other"];

function routesOf(version: number): [id: string, expression: string][] {
  const routes: [string, string][] = [];
  const backend = `"http://v${version}"`;
  for (const [i, path] of PATHS.entries()) {
    routes.push([
      `one${i}`,
      `PathSubtree("${path}") && Host("^(one[.]test)$") && Weight(${version % 3}) -> ${backend}`,
    ]);
    routes.push([`two${i}`, `Path("${path}") && HostAny("two.test") -> ${backend}`]);
    // The id changes too, so that versions share no record and no place in the order.
    routes.push([`rest${i}-${version}`, `Path("${path}") -> ${backend}`]);
  }
  return routes;
}

interface Report {
  readonly rounds: number;
  readonly versions: number;
  readonly last: number;
  readonly fault: string;
}

if (isMainThread) {
  test("a request sees one version of the table, whatever the main thread does", { timeout: 60_000 }, async () => {
    const workers: Worker[] = [];
    const table = new RoutingTable({
      registry: testRegistry,
      ignoreTrailingSlash: false,
      publish: (generation) => {
        for (const worker of workers) worker.postMessage(generation);
      },
      now: Date.now,
      initialRoutes: 8,
      compactAfter: 50,
      stepMs: 1,
      schedule: (step) => setImmediate(step),
    });
    const change = (version: number): void => {
      table.transact(0, (transaction) => {
        transaction.reset();
        for (const [id, expression] of routesOf(version)) transaction.upsert(routeOf(id, expression));
        // Others that come, go and take room.
        for (let i = 0; i < version % 40; i++) {
          transaction.upsert(routeOf(`noise${i}`, `Path("/noise/${version}/${i}") -> <shunt>`));
        }
      });
    };
    change(0);
    for (let i = 0; i < 2; i++) {
      workers.push(new Worker(new URL(import.meta.url), { workerData: table.generation() }));
    }
    await Promise.all(workers.map(said));
    const until = Date.now() + 3000;
    let version = 1;
    for (; Date.now() < until; version++) {
      change(version);
      if (version % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    const reports = workers.map(said<Report>);
    for (const worker of workers) worker.postMessage("stop");
    for (const report of await Promise.all(reports)) {
      assert.equal(report.fault, "");
      assert.ok(report.rounds > 100, `${report.rounds} rounds`);
      assert.ok(report.versions > 10, `${report.versions} versions seen`);
      assert.equal(report.last, version - 1);
    }
    assert.ok(table.generation().numbering > 0, "compacted");
    await Promise.all(workers.map((worker) => worker.terminate()));
  });
} else {
  const reader = readerOf({ maxInstances: 30 }, workerData as TableGeneration);
  const requests = HOSTS.flatMap((host) => PATHS.map((path) => requestOf({ host, path })));
  const result = new LookupResult();
  const pin = new TablePin();
  let rounds = 0;
  let last = -1;
  let versions = 0;
  let fault = "";
  const round = (): void => {
    reader.pin(pin);
    let seen = -1;
    for (const request of requests) {
      const found = reader.lookup(pin, request, result);
      const backend = found?.route.backend;
      const version = backend?.type === "network" ? Number(backend.address.slice("http://v".length)) : -2;
      if (seen === -1) seen = version;
      if (version !== seen) fault ||= `${request.host} ${request.matchPath}: ${version} instead of ${seen}`;
    }
    if (seen < last) fault ||= `version ${seen} after ${last}`;
    if (seen !== last) versions++;
    last = seen;
    rounds++;
  };
  let running = true;
  parentPort!.on("message", (message: TableGeneration | "stop") => {
    if (message === "stop") running = false;
    else reader.adopt(message);
  });
  const loop = (): void => {
    for (let i = 0; i < 20; i++) round();
    reader.sweep();
    if (running) setImmediate(loop);
    else parentPort!.postMessage({ rounds, versions, last, fault } satisfies Report);
    if (!running) parentPort!.close();
  };
  parentPort!.postMessage("ready");
  loop();
}
