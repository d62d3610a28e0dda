import assert from "node:assert/strict";
import { once } from "node:events";
import { test } from "node:test";
import { Worker } from "node:worker_threads";
import fc from "fast-check";
import { percentile } from "./codahale.ts";
import { slotOf, slotStart } from "./log-scale.ts";
import { METRICS, type MetricDefinition, OTHER } from "./metric-names.ts";
import { MetricsHub, type Series } from "./metrics-hub.ts";
import { defaultMetricsSettings } from "./metrics-settings.ts";
import { newMetricCells, WorkerMetrics } from "./worker-metrics.ts";

const settings = { ...defaultMetricsSettings(), prometheus: true };

function only(hub: MetricsHub, metric: MetricDefinition): Series {
  const [series, ...more] = [...hub.seriesOf(metric)];
  assert.ok(series !== undefined && more.length === 0);
  return series;
}

test("a histogram read back is what was observed", () => {
  const seconds = fc.oneof(fc.double({ min: 0, max: 20, noNaN: true }), fc.constantFrom(0, 0.005, 10, 1e-9, 5000));
  fc.assert(
    fc.property(fc.array(fc.tuple(seconds, fc.nat(2)), { minLength: 1, maxLength: 50 }), (observed) => {
      const hub = new MetricsHub(settings);
      const threads = [0, 1].map((worker) => {
        const cells = hub.addWorker(worker);
        return new WorkerMetrics(settings, cells, (series) => hub.announced(worker, series));
      });
      for (const [value, thread] of observed) {
        (thread === 2 ? hub.main : threads[thread]!).histogram(METRICS.backendRoute, ["r", "", ""]).observe(value);
      }
      const check = (): void => {
        const reading = hub.newReading(METRICS.backendRoute);
        hub.read(only(hub, METRICS.backendRoute), reading);
        const values = observed.map(([value]) => value);
        assert.equal(reading.count, values.length);
        assert.equal(reading.min, Math.min(...values));
        assert.equal(reading.max, Math.max(...values));
        const bounds = settings.buckets.duration;
        for (let i = 0; i <= bounds.length; i++) {
          const above = i === 0 ? -1 : bounds[i - 1]!;
          const to = i === bounds.length ? Number.POSITIVE_INFINITY : bounds[i]!;
          assert.equal(reading.buckets[i], values.filter((value) => value > above && value <= to).length);
        }
        assert.equal(
          reading.slots.reduce((sum, count) => sum + count, 0),
          values.length,
        );
        values.sort((a, b) => a - b);
        for (const p of [0.5, 0.75, 0.99]) {
          const exact = exactPercentile(values, p);
          const got = percentile(reading.slots, reading.count, p, reading.min, reading.max);
          const [low, high] = slotNeighbours(values, p);
          assert.ok(got >= low && got <= high, `p ${p}: ${got}, exactly ${exact}`);
        }
      };
      check();
      hub.retire(0);
      check();
      hub.retire(1);
      check();
    }),
    { numRuns: 50 },
  );
});

/** Position p x (n + 1), linear between neighbours (spec observability 4.1). */
function exactPercentile(sorted: readonly number[], p: number): number {
  const position = p * (sorted.length + 1);
  if (position < 1) return sorted[0]!;
  if (position >= sorted.length) return sorted.at(-1)!;
  const below = sorted[Math.floor(position) - 1]!;
  return below + (position - Math.floor(position)) * (sorted[Math.floor(position)]! - below);
}

/** The bounds of the slots in which the values around the position lie, clamped to what was seen. */
function slotNeighbours(sorted: readonly number[], p: number): [number, number] {
  const position = Math.min(Math.max(p * (sorted.length + 1), 1), sorted.length);
  const low = sorted[Math.floor(position) - 1]!;
  const high = sorted[Math.min(Math.ceil(position), sorted.length) - 1]!;
  return [
    Math.max(Math.min(low, slotStart(slotOf(low))), sorted[0]!),
    Math.min(Math.max(high, slotStart(slotOf(high) + 1)), sorted.at(-1)!),
  ];
}

test("slots are in the order of the durations and at most an eighth wide", () => {
  fc.assert(
    fc.property(fc.double({ min: 2 ** -24, max: 4000, noNaN: true }), (seconds) => {
      const slot = slotOf(seconds);
      assert.ok(slotStart(slot) <= seconds && seconds < slotStart(slot + 1));
      assert.ok(slotStart(slot + 1) <= slotStart(slot) * 1.125 + 1e-18);
    }),
  );
  assert.deepEqual([0, -1, Number.NaN, 1e-9].map(slotOf), [0, 0, 0, 0]);
  assert.deepEqual([1e9, Number.POSITIVE_INFINITY].map(slotOf), [287, 287]);
});

test("without room a series becomes the one for all others, and nothing throws", () => {
  const announced: string[] = [];
  const metrics = new WorkerMetrics(settings, newMetricCells(100), (series) => announced.push(series.labels.join()));
  for (let i = 0; i < 200; i++) metrics.counter(METRICS.backendErrors, [`r${i}`]).add(1);
  metrics.histogram(METRICS.backendRoute, ["r", "", ""]).observe(1);
  assert.equal(announced.length, 99);
  const roomy = new WorkerMetrics(settings, newMetricCells(1 << 20), (series) => announced.push(series.labels.join()));
  announced.length = 0;
  for (let i = 0; i < 6000; i++) roomy.histogram(METRICS.responseSize, [`h${i}`]).observe(1);
  assert.equal(announced.length, 5001);
  assert.equal(announced.at(-1), OTHER);
});

test("workers count at the same time, and what one counted stays when it is killed", async () => {
  const hub = new MetricsHub(settings);
  const perWorker = 200_000;
  const workers = [1, 2].map((id) => {
    const worker = new Worker(
      `const { workerData, parentPort } = require("node:worker_threads");
       import(workerData.module).then(({ WorkerMetrics }) => {
         const { settings, cells, metric } = workerData;
         const metrics = new WorkerMetrics(settings, cells, (series) => parentPort.postMessage({ series }));
         const counter = metrics.counter(metric.counter, ["r"]);
         const histogram = metrics.histogram(metric.histogram, ["r", "", ""]);
         for (let i = 0; i < workerData.count; i++) { counter.add(1); histogram.observe(0.003); }
         parentPort.postMessage({ done: true });
         setInterval(() => {}, 1000);
       });`,
      {
        eval: true,
        workerData: {
          module: new URL("./worker-metrics.ts", import.meta.url).href,
          settings,
          cells: hub.addWorker(id),
          count: perWorker,
          metric: { counter: METRICS.backendErrors, histogram: METRICS.backendRoute },
        },
      },
    );
    const { promise: done, resolve, reject } = Promise.withResolvers<void>();
    worker.on("error", reject);
    worker.on("exit", (code) => reject(new Error(`the thread ended with ${code} before it was done`)));
    worker.on("message", (message) => {
      if (message.done) resolve();
      else hub.announced(id, message.series);
    });
    return { worker, done };
  });
  await Promise.all(workers.map(({ done }) => done));
  const reading = hub.newReading(METRICS.backendRoute);
  const check = (): void => {
    assert.equal(hub.value(only(hub, METRICS.backendErrors)), 2 * perWorker);
    hub.read(only(hub, METRICS.backendRoute), reading);
    assert.equal(reading.buckets[0], 2 * perWorker);
  };
  check();
  for (const [i, { worker }] of workers.entries()) {
    const ended = once(worker, "exit");
    await worker.terminate();
    await ended;
    hub.retire(i + 1);
    check();
  }
});

test("gauges go with their worker", () => {
  const hub = new MetricsHub(settings);
  const worker = new WorkerMetrics(settings, hub.addWorker(1), (series) => hub.announced(1, series));
  worker.customGauge("g").set(3);
  hub.main.customGauge("g").set(4);
  assert.equal(hub.value(only(hub, METRICS.customGauges)), 7);
  hub.retire(1);
  assert.equal(hub.value(only(hub, METRICS.customGauges)), 4);
});
