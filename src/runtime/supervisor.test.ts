// The supervisor with real threads whose script is a line or two: what it does when they die, cannot listen, or end in order.

import assert from "node:assert/strict";
import { mock, test } from "node:test";
import { setTimeout as pause } from "node:timers/promises";
import { EndpointRegistry } from "../backends/endpoint-registry.ts";
import { METRICS } from "../observability/metric-names.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { QueueRegistry } from "../resilience/scheduler/queue-registry.ts";
import { ResponseStoreOwner } from "../response-store/response-store-owner.ts";
import type { TableGeneration } from "../routing/table-generation.ts";
import { Supervisor } from "./supervisor.ts";

async function until(what: string, condition: () => boolean): Promise<void> {
  for (const limit = Date.now() + 20_000; !condition(); await pause(5)) {
    if (Date.now() > limit) assert.fail(`waited for: ${what}`);
  }
}

/** A supervisor whose workers run `script` with `nth`, counted from 1, `say(type, message)`, `on(type, run)` and `die()`. */
class Supervised {
  readonly lines: string[] = [];
  readonly supervisor: Supervisor;
  readonly #hub = new MetricsHub(defaultMetricsSettings());
  readonly #counts = new Int32Array(new SharedArrayBuffer(8));

  constructor(script: string, count = 1) {
    const code = `import { parentPort, workerData } from "node:worker_threads";
      const { counts } = workerData.settings;
      const nth = Atomics.add(counts, 0, 1) + 1;
      const say = (type, message) => {
        if (type === "listening") Atomics.add(counts, 1, 1);
        parentPort.postMessage({ type, message });
      };
      const on = (type, run) => parentPort.on("message", (message) => message.type === type && run());
      const die = () => process.exit(7);
      ${script}`;
    const line = (message: string): void => void this.lines.push(message);
    const log = { debug: line, info: line, warn: line, error: line };
    this.supervisor = new Supervisor({
      count,
      entry: new URL(`data:text/javascript,${encodeURIComponent(code)}`),
      settings: { counts: this.#counts },
      addresses: [],
      hub: this.#hub,
      endpoints: new EndpointRegistry({ workers: count, health: null, log, now: Date.now }),
      queues: new QueueRegistry({
        workers: count,
        metrics: { fifo: false, lifo: false },
        gauges: this.#hub.main,
        log,
        now: Date.now,
      }),
      responses: new ResponseStoreOwner(count, 2 ** 20),
      log,
      generation: () => ({}) as TableGeneration,
      shuttingDown: () => false,
      hostCertificates: () => null,
      plugins: () => [],
      programs: () => [],
      stallMs: 0,
    });
    this.supervisor.start();
  }

  /** Workers that were started, and that listened. */
  get started(): number {
    return Atomics.load(this.#counts, 0);
  }
  get listened(): number {
    return Atomics.load(this.#counts, 1);
  }

  /** The counters with names of their own that the hub knows of workers. */
  readonly customSeries = (): string[] =>
    Array.from(this.#hub.seriesOf(METRICS.customTotal), ({ labels }) => labels[0]!)
      .filter((name) => name.startsWith("late."))
      .sort();

  get restarts(): number {
    for (const series of this.#hub.seriesOf(METRICS.customTotal)) {
      if (series.labels[0] === "worker.restarts") return this.#hub.value(series);
    }
    return 0;
  }
}

const ORDERLY = 'on("listen", () => say("listening")); on("drain", () => say("drained"));';

/** The workers hear of a new table; what some scripts die of. */
function publish(supervisor: Supervisor): void {
  supervisor.publish({} as TableGeneration);
}

function pauses(lines: readonly string[]): (string | undefined)[] {
  return lines.map((line) => /another starts in (\d+) ms/.exec(line)?.[1]);
}

test("a worker that dies is replaced and counted; its successor listens, the others live on", async () => {
  const supervised = new Supervised(`${ORDERLY} on("table", () => { if (nth === 1) die(); });`, 2);
  const { supervisor, lines } = supervised;
  await supervisor.listen();
  publish(supervisor);
  await until("the successor listens", () => supervised.listened === 3);
  publish(supervisor);
  assert.deepEqual(
    lines.map((line) => line.replace(/worker \d/, "worker n")),
    ["worker n ended with code 7: another starts in 200 ms"],
  );
  assert.equal(supervised.restarts, 1);
  assert.equal(supervised.started, 3);
  await supervisor.drain();
});

test("the pause before the next worker doubles while each dies early", async () => {
  const supervised = new Supervised(`
    on("listen", () => { say("listening"); if (nth === 2 || nth === 3) setTimeout(die); });
    on("drain", () => say("drained"));
    on("table", die);`);
  const { supervisor, lines } = supervised;
  await supervisor.listen();
  publish(supervisor);
  await until("the fourth worker listens", () => supervised.listened === 4);
  assert.deepEqual(pauses(lines), ["200", "400", "800"]);
  await supervisor.drain();
});

test("a worker that has lived for long is replaced after the shortest pause", async () => {
  const supervised = new Supervised(`${ORDERLY} on("table", die);`);
  const { supervisor, lines } = supervised;
  await supervisor.listen();
  const realNow = performance.now.bind(performance);
  let aheadMs = 0;
  const clock = mock.method(performance, "now", () => realNow() + aheadMs);
  try {
    for (const listened of [2, 3]) {
      aheadMs += 60_000;
      publish(supervisor);
      await until("the successor listens", () => supervised.listened === listened);
    }
  } finally {
    clock.mock.restore();
  }
  assert.deepEqual(pauses(lines), ["200", "200"]);
  await supervisor.drain();
});

test("a successor that cannot listen gives way to the next one", async () => {
  const supervised = new Supervised(`
    on("listen", () => nth === 2 ? say("failed", "no such port") : say("listening"));
    on("drain", () => say("drained"));
    on("table", die);`);
  const { supervisor, lines } = supervised;
  await supervisor.listen();
  publish(supervisor);
  await until("the third worker listens", () => supervised.listened === 2);
  assert.equal(supervised.started, 3);
  assert.match(lines[1]!, /^worker \d cannot listen: no such port$/);
  assert.deepEqual(pauses(lines), ["200", undefined, "400"]);
  await supervisor.drain();
});

test("a successor hears of certificates that were replaced before it started", async () => {
  const supervised = new Supervised(`${ORDERLY}
    on("table", () => { if (nth === 1) die(); });
    on("certificates", () => { if (nth === 2) say("listening"); });
    on("clientCertificates", () => { if (nth === 2) say("listening"); });`);
  const { supervisor } = supervised;
  await supervisor.listen();
  supervisor.replaceCertificates([]);
  supervisor.replaceClientCertificates([]);
  publish(supervisor);
  await until("the successor has heard all", () => supervised.listened === 4);
  await supervisor.drain();
});

test("a worker that dies before the proxy serves stops the start with its reason, and is not replaced", async () => {
  const supervised = new Supervised('throw new Error("no such thing");', 2);
  const { supervisor, lines } = supervised;
  await assert.rejects(supervisor.startFailed, { message: "no such thing" });
  await supervisor.abandon();
  assert.deepEqual(lines, []);
  assert.ok(supervised.started <= 2);
});

test("a worker that dies when it is asked to listen ends that wait", async () => {
  const { supervisor } = new Supervised('on("listen", die);');
  await assert.rejects(supervisor.listen(), { message: "worker ended with code 7" });
  await assert.rejects(supervisor.startFailed);
  await supervisor.abandon();
});

test("one worker that cannot listen stops the start", async () => {
  const { supervisor } = new Supervised('on("listen", () => say("failed", "no such port"));', 2);
  await assert.rejects(supervisor.listen(), { message: "no such port" });
  await supervisor.abandon();
});

test("a shutdown ends when the last worker has, also when one dies instead of saying so", async () => {
  const supervised = new Supervised(
    `on("listen", () => say("listening")); on("drain", () => nth === 1 ? die() : say("drained"));`,
    2,
  );
  const { supervisor, lines } = supervised;
  await supervisor.listen();
  await supervisor.drain();
  assert.deepEqual(lines, []);
  assert.equal(supervised.restarts, 0);
});

test("no successor starts once the shutdown has begun", async () => {
  const supervised = new Supervised(`${ORDERLY} on("table", die);`);
  const { supervisor, lines } = supervised;
  await supervisor.listen();
  publish(supervisor);
  await until("the worker is gone", () => lines.length === 1);
  await supervisor.drain();
  await pause(300); // longer than the pause before a successor: that it does not come can only be waited for
  assert.equal(supervised.started, 1);
});

const LATE_SERIES = `
  const series = () => ({ metric: ${METRICS.customTotal.id}, labels: ["late." + nth], cell: 1, createdMs: 0 });
  parentPort.on("message", ({ type, serial }) => {
    if (type !== "catchUp") return;
    if (nth === 2 && STUCK) return;
    setTimeout(() => parentPort.postMessage({ type: "series", series: [series()] }), 20);
    setTimeout(() => (nth === 2 && DIES ? die() : parentPort.postMessage({ type: "caughtUp", serial })), 21);
  });
  ${ORDERLY}`;

for (const [what, fate] of [
  ["what both announced before they answered is known", "const STUCK = false, DIES = false;"],
  ["one that dies is not waited for, and what it announced stays", "const STUCK = false, DIES = true;"],
] as const) {
  test(`catching up with two workers: ${what}`, async () => {
    const { customSeries, supervisor } = new Supervised(`${fate} ${LATE_SERIES}`, 2);
    await supervisor.listen();
    assert.deepEqual(customSeries(), []);
    const real = setTimeout;
    // The limit is not what is tested here.
    const limit = mock.method(globalThis, "setTimeout", (run: () => void, ms: number) => real(run, ms * 200));
    const caughtUp = supervisor.catchUp();
    limit.mock.restore();
    await caughtUp;
    assert.deepEqual(customSeries(), ["late.1", "late.2"]);
    await supervisor.drain();
  });
}

test("catching up leaves a worker behind that stands still", async () => {
  const { supervisor } = new Supervised(`const STUCK = true, DIES = false; ${LATE_SERIES}`, 2);
  await supervisor.listen();
  await supervisor.catchUp();
  await supervisor.drain();
});
