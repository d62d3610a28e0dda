import assert from "node:assert/strict";
import { test } from "node:test";
import { METRICS } from "../observability/metric-names.ts";
import { MetricsHub } from "../observability/metrics-hub.ts";
import { defaultMetricsSettings } from "../observability/metrics-settings.ts";
import { routeOf } from "../routing/table.fixture.ts";
import { RoutingTable } from "../routing/table.ts";
import { routeUpdateMetrics } from "./route-update-metrics.ts";
import { shippedRegistry } from "./shipped-registry.ts";

const good = "* -> <shunt>";
const unknown = "* -> nope() -> <shunt>";

function setUp() {
  const hub = new MetricsHub(defaultMetricsSettings());
  const metrics = routeUpdateMetrics(hub);
  const table = new RoutingTable({
    registry: shippedRegistry([]),
    ignoreTrailingSlash: false,
    publish: () => {},
    now: () => 5000,
  });
  const deliver = (routes: Readonly<Record<string, string>>, variant = 0): void => {
    const result = table.transact(0, (transaction) => {
      for (const [id, expression] of Object.entries(routes))
        transaction.upsert(routeOf(id, expression), undefined, variant);
    });
    metrics.tableChanged(table.count, table.builtAtMs, 2, result);
  };
  const refused = (): Record<string, number> =>
    Object.fromEntries(
      [...hub.seriesOf(METRICS.routeInvalid)].map((series) => [series.labels.join(" "), hub.value(series)]),
    );
  return { hub, table, deliver, refused };
}

test("a refused route counts until it is mended, and again when it breaks again", () => {
  const { deliver, refused } = setUp();
  deliver({ a: unknown, b: good });
  assert.deepEqual(refused(), { "a unknown_filter": 1 });
  deliver({ a: 'Host("(") -> <shunt>' });
  assert.deepEqual(refused(), { "a unknown_filter": 0, "a invalid_matcher": 1 });
  deliver({ a: good });
  assert.deepEqual(refused(), { "a unknown_filter": 0, "a invalid_matcher": 0 });
  deliver({ a: unknown });
  assert.deepEqual(refused(), { "a unknown_filter": 1, "a invalid_matcher": 0 });
});

test("of two clones with one id the gauge goes down when the last is mended", () => {
  const { deliver, refused } = setUp();
  deliver({ a: unknown });
  deliver({ a: unknown }, 1);
  deliver({ a: good });
  assert.deepEqual(refused(), { "a unknown_filter": 1 });
  deliver({ a: good }, 1);
  assert.deepEqual(refused(), { "a unknown_filter": 0 });
});
