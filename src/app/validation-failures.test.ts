import assert from "node:assert/strict";
import { test } from "node:test";
import { METRICS } from "../observability/metric-names.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { validationFailures } from "./validation-failures.ts";

function gauges(hub: MetricsHub): Record<string, number> {
  const series = [...hub.seriesOf(METRICS.routeInvalid)];
  return Object.fromEntries(series.map((one) => [one.labels.join(" "), hub.value(one)]));
}

test("what fails is 1 until the same object is seen without it", () => {
  const hub = new MetricsHub(defaultMetricsSettings());
  const report = validationFailures(hub);
  report("RouteGroup a/b", [
    { id: "one", reason: "unknown_filter" },
    { id: "two", reason: "other" },
  ]);
  report("RouteGroup a/c", [{ id: "three", reason: "other" }]);
  assert.deepEqual(gauges(hub), { "one unknown_filter": 1, "two other": 1, "three other": 1 });
  report("RouteGroup a/b", [{ id: "two", reason: "other" }]);
  assert.deepEqual(gauges(hub), { "one unknown_filter": 0, "two other": 1, "three other": 1 });
  report("RouteGroup a/b", []);
  report("RouteGroup a/c", []);
  assert.deepEqual(gauges(hub), { "one unknown_filter": 0, "two other": 0, "three other": 0 });
});

test("clients cannot make any number of series, or long ones", () => {
  const hub = new MetricsHub(defaultMetricsSettings());
  const report = validationFailures(hub);
  for (let i = 0; i < 3000; i++) {
    report(`RouteGroup a/${i}`, [{ id: `${i} ${"x".repeat(10_000)}`, reason: "other" }]);
  }
  const names = Object.keys(gauges(hub));
  assert.equal(names.length, 1000);
  assert.ok(names.every((name) => name.length < 600));
});
