import assert from "node:assert/strict";
import { test } from "node:test";
import { hostLabel, METRICS } from "./metric-names.ts";
import { MetricsHub } from "./metrics-hub.ts";
import { defaultMetricsSettings } from "./metrics-settings.ts";
import { RequestMetrics } from "./request-metrics.ts";

test("filters are timed one by one up to 1000 requests a second, and every request is counted", () => {
  const hub = new MetricsHub(defaultMetricsSettings());
  const metrics = new RequestMetrics(hub.main);
  const route = metrics.route("r", false, "");
  const filter = metrics.filter("f");
  let timed = 0;
  const run = (requests: number, fromMs: number, perMs: number): void => {
    for (let i = 0; i < requests; i++) {
      const weight = route.filterWeight(fromMs + Math.floor(i / perMs));
      if (weight === 0) continue;
      timed++;
      filter.request(0.001, weight);
    }
  };
  run(500, 0, 1);
  assert.equal(timed, 500, "500 a second: all of them");
  timed = 0;
  run(40_000, 10_000, 20);
  // What was left of the first 1000, those saved up in the pause, and 1000 a second.
  assert.ok(timed >= 3400 && timed <= 3500, `20,000 a second for 2 s: ${timed}`);
  const [series] = hub.seriesOf(METRICS.filterRequest);
  const counted = hub.count(series!);
  assert.ok(counted > 40_500 - 40 && counted <= 40_500, `counted ${counted}`);
});

test("a metric that is off has no series", () => {
  const hub = new MetricsHub({ ...defaultMetricsSettings(), codahale: false });
  const metrics = new RequestMetrics(hub.main);
  const route = metrics.route("r", true, "b");
  metrics.lookup(1, false);
  route.requestFilters(1);
  route.backendRequest(1, "h");
  route.backend(1, 500, "z");
  route.backendError();
  route.streamError();
  route.response(1, 200, "GET", "h", 1);
  route.serve(1, 200, "GET", "h");
  metrics.own(1, 1);
  for (const metric of Object.values(METRICS)) assert.deepEqual([...hub.seriesOf(metric)], []);
});

test("hosts beyond the 5000th share one series", () => {
  const hub = new MetricsHub({ ...defaultMetricsSettings(), codahale: false, prometheus: true });
  const route = new RequestMetrics(hub.main).route("r", true, "");
  for (let i = 0; i < 6000; i++) route.response(0.1, 200, "GET", `h${i}.test`, 10);
  const labels = [...hub.seriesOf(METRICS.responseSize)].map((series) => [series.labels[0], hub.count(series)]);
  assert.equal(labels.length, 5001);
  assert.ok(labels.some(([label, count]) => label === "_other_" && Number(count) >= 1000));
  assert.equal(hostLabel("www.ex.org:8080"), "www_ex_org__8080");
});

test("custom counters of filters", () => {
  const hub = new MetricsHub(defaultMetricsSettings());
  const metrics = new RequestMetrics(hub.main);
  metrics.count("f", "k", 2);
  metrics.count("f", "k", 3);
  metrics.count("g", "k", 1);
  const values = [...hub.seriesOf(METRICS.customTotal)].map((series) => [series.labels[0], hub.value(series)]);
  assert.deepEqual(values, [
    ["f.custom.k", 5],
    ["g.custom.k", 1],
  ]);
});
