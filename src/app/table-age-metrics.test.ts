import assert from "node:assert/strict";
import { afterEach, beforeEach, mock, test } from "node:test";
import { TableAge } from "../data-clients/table-age.ts";
import { METRICS } from "../observability/metric-names.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { showTableOrigin, tableOrigin } from "./table-age-metrics.ts";

beforeEach(() => mock.timers.enable({ apis: ["Date", "setInterval"], now: 1_000_000 }));
afterEach(() => mock.timers.reset());

function shown(hub: MetricsHub): Record<string, number> {
  const found: Record<string, number> = {};
  for (const series of hub.seriesOf(METRICS.customGauges)) found[series.labels[0]!] = hub.value(series);
  return found;
}

test("the gauges follow the oldest of the tables, and all their sources", () => {
  const hub = new MetricsHub(defaultMetricsSettings());
  const [a, b] = [new TableAge(), new TableAge()];
  a.confirm("routes-url");
  b.confirm("cache-file", 1_000_000 - 60_000);
  const { stop } = showTableOrigin(tableOrigin([a, b])!, hub);
  const names = ["source.cache-file", "source.kubernetes", "source.routes-url", "source_age"];
  const values = () => names.map((name) => shown(hub)[`routes.${name}`]);
  assert.deepEqual(values(), [1, 0, 1, 60]);
  mock.timers.tick(5000);
  assert.deepEqual(values(), [1, 0, 1, 65]);
  let isInStep = true;
  b.follow("kubernetes", () => isInStep);
  mock.timers.tick(3000);
  assert.deepEqual(values(), [0, 1, 1, 8]);
  a.confirm("routes-url");
  isInStep = false;
  mock.timers.tick(2000);
  assert.deepEqual(values(), [0, 1, 1, 2]);
  stop();
  mock.timers.tick(2000);
  assert.deepEqual(values(), [0, 1, 1, 2]);
});

test("without a remote source there is nothing to show", () => {
  assert.equal(tableOrigin([]), null);
});
