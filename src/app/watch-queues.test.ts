// Which queues are open, and with which settings, after changes of the routing table.

import assert from "node:assert/strict";
import { test } from "node:test";
import { parseDocument } from "../eskip/parser.ts";
import { METRICS } from "../observability/metric-names.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { CLOSE_AFTER_MS, QueueRegistry } from "../resilience/scheduler/queue-registry.ts";
import { WorkerQueues } from "../resilience/scheduler/worker-queues.ts";
import { RoutingTable } from "../routing/table.ts";
import type { QueueKind, QueuePlace } from "../spec/route-queue.ts";
import { shippedRegistry } from "./shipped-registry.ts";
import { watchQueues } from "./watch-queues.ts";

class Watched {
  readonly lines: string[] = [];
  readonly hub = new MetricsHub(defaultMetricsSettings());
  nowMs = 1_000_000;
  readonly registry: QueueRegistry;
  readonly worker: WorkerQueues;
  readonly #table;

  constructor(disabledFilters: readonly string[] = []) {
    const line = (message: string): void => void this.lines.push(message);
    const now = () => this.nowMs;
    this.registry = new QueueRegistry({
      workers: 2,
      metrics: { fifo: true, lifo: false },
      gauges: this.hub.main,
      log: { debug: line, info: line, warn: line, error: line },
      now,
    });
    this.worker = new WorkerQueues(this.registry.addWorker(1), () => {});
    const registry = shippedRegistry(disabledFilters);
    const options = { registry, ignoreTrailingSlash: false, publish: () => {}, now, schedule: () => {} };
    this.#table = watchQueues(new RoutingTable(options), this.registry, registry);
  }

  /** A change of a source: routes that come, ids that go; with `reset` all others go as well. */
  apply(source: number, routes: string, gone: readonly string[] = [], reset = false): void {
    this.#table.transact(source, (transaction) => {
      if (reset) transaction.reset();
      for (const id of gone) transaction.delete(id);
      for (const route of parseDocument(routes).routes) transaction.upsert(route);
    });
  }

  /** How many requests pass at a time, by trying; 0 for a queue that is closed. */
  concurrency(kind: QueueKind, name: string): number {
    const queue = this.worker.open(kind, name);
    const places: QueuePlace[] = [];
    for (;;) {
      const place = queue.enter();
      if (place.outcome !== "passed") {
        place.leave();
        break;
      }
      places.push(place);
    }
    for (const place of places) place.leave();
    queue.close();
    return places.length;
  }

  pass(ms: number): void {
    this.nowMs += ms;
    this.registry.tick();
  }

  gauge(key: string): number | undefined {
    for (const series of this.hub.seriesOf(METRICS.customGauges))
      if (series.labels[0] === key) return this.hub.value(series);
    return undefined;
  }
}

test("a queue is open as long as a route names it, and a minute longer", () => {
  const watched = new Watched();
  watched.apply(0, `r: * -> fifo(3, 0, "1s") -> <shunt>; other: * -> status(204) -> <shunt>;`);
  assert.equal(watched.concurrency("fifo", "r"), 3);
  assert.equal(watched.concurrency("fifo", "other"), 0);
  watched.apply(0, "", ["r"]);
  watched.pass(CLOSE_AFTER_MS - 1);
  assert.equal(watched.concurrency("fifo", "r"), 3);
  watched.pass(1);
  assert.equal(watched.concurrency("fifo", "r"), 0);
  watched.apply(0, `r: * -> fifo(4, 0, "1s") -> <shunt>;`);
  assert.equal(watched.concurrency("fifo", "r"), 4);
});

test("a route that comes back within the minute finds its queue, with who is inside", () => {
  const watched = new Watched();
  const routes = `r: * -> lifo(2, 1, "1s") -> <shunt>;`;
  watched.apply(0, routes);
  const queue = watched.worker.open("lifo", "r");
  const place = queue.enter();
  watched.apply(0, "", [], true);
  watched.pass(CLOSE_AFTER_MS - 1);
  watched.apply(0, routes);
  watched.pass(10 * CLOSE_AFTER_MS);
  assert.equal(queue.enter().outcome, "passed");
  assert.notEqual(queue.enter().outcome, "passed", "two are inside");
  place.leave();
});

for (const { title, changes, expected } of [
  {
    title: "a filter that is taken out of the route",
    changes: [`r: * -> fifo(3, 0, "1s") -> <shunt>;`, "r: * -> status(204) -> <shunt>;"],
    expected: { "fifo r": 0 },
  },
  {
    title: "other settings",
    changes: [`r: * -> fifo(3, 0, "1s") -> <shunt>;`, `r: * -> fifo(5, 0, "1s") -> <shunt>;`],
    expected: { "fifo r": 5 },
  },
  {
    title: "another kind of queue",
    changes: [`r: * -> fifo(3, 0, "1s") -> <shunt>;`, `r: * -> lifoGroup("g", 2, 1, "1ms") -> <shunt>;`],
    expected: { "fifo r": 0, "lifoGroup g": 2 },
  },
  {
    title: "of several filters of one queue the last counts",
    changes: [`r: * -> fifo(3, 0, "1s") -> fifoWithBody(2, 0, "1s") -> <shunt>;`],
    expected: { "fifo r": 2 },
  },
  {
    title: "wrong arguments open nothing",
    changes: [`r: * -> fifo(0, 0, "1s") -> <shunt>;`],
    expected: { "fifo r": 0 },
  },
  {
    title: "the first filter of a group with more than the name counts",
    changes: [
      `a: Path("/a") -> lifoGroup("g") -> <shunt>; b: Path("/b") -> lifoGroup("g", 2) -> <shunt>; c: Path("/c") -> lifoGroupWithBody("g", 3) -> <shunt>;`,
    ],
    expected: { "lifoGroup g": 2 },
  },
  {
    title: "a group of names alone has the defaults",
    changes: [`a: * -> lifoGroup("g") -> <shunt>;`],
    expected: { "lifoGroup g": 100 },
  },
]) {
  test(title, () => {
    const watched = new Watched();
    for (const routes of changes) watched.apply(0, routes);
    watched.pass(CLOSE_AFTER_MS);
    for (const [queue, concurrency] of Object.entries(expected)) {
      const [kind, name] = queue.split(" ");
      assert.equal(watched.concurrency(kind as QueueKind, name!), concurrency, queue);
    }
  });
}

test("of one id in two sources the later source counts, until it lets go", () => {
  const watched = new Watched();
  watched.apply(1, `r: * -> fifo(2, 0, "1s") -> <shunt>;`);
  watched.apply(0, `r: * -> fifo(3, 0, "1s") -> <shunt>;`);
  assert.equal(watched.concurrency("fifo", "r"), 2);
  watched.apply(1, "", ["r"]);
  assert.equal(watched.concurrency("fifo", "r"), 3);
});

test("a group whose filters disagree is told, once for each change of it", () => {
  const watched = new Watched();
  watched.apply(0, `a: * -> lifoGroup("g", 2) -> <shunt>; b: Path("/b") -> lifoGroup("g", 2) -> <shunt>;`);
  assert.deepEqual(watched.lines, []);
  watched.apply(0, `c: Path("/c") -> lifoGroup("g", 2, 5) -> <shunt>;`);
  watched.apply(0, `d: Path("/d") -> <shunt>;`);
  assert.deepEqual(watched.lines, ["Found mismatching configuration for the LIFO group: g"]);
});

test("a filter that is disabled opens nothing", () => {
  const watched = new Watched(["fifo"]);
  watched.apply(0, `r: * -> fifo(3, 0, "1s") -> <shunt>;`);
  assert.equal(watched.concurrency("fifo", "r"), 0);
});

test("gauges show who is inside and who waits, of the kinds that are asked for", () => {
  const watched = new Watched();
  watched.apply(0, `f: * -> fifo(1, 9, "1s") -> <shunt>; l: Path("/l") -> lifo(1, 9, "1s") -> <shunt>;`);
  const [fifo, lifo] = [watched.worker.open("fifo", "f"), watched.worker.open("lifo", "l")];
  const places = [fifo.enter(), fifo.enter(), fifo.enter(), lifo.enter()];
  watched.pass(1000);
  assert.deepEqual([watched.gauge("fifo.f.active"), watched.gauge("fifo.f.queued")], [1, 2]);
  assert.equal(watched.gauge("lifo.l.active"), undefined);
  for (const place of places.reverse()) place.leave();
  watched.pass(1000);
  assert.deepEqual([watched.gauge("fifo.f.active"), watched.gauge("fifo.f.queued")], [0, 0]);
});
