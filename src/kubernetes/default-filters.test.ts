import assert from "node:assert/strict";
import { test } from "node:test";
import { printFilters } from "../eskip/printer.ts";
import { defaultFilters } from "./default-filters.ts";
import { plainSettings } from "./settings.fixture.ts";
import type { ClusterView } from "./translation.ts";

const texts = new Map([
  ["team/web", "a() -> b(1)"],
  ["team/broken", "a("],
  ["team/empty", " \n"],
]);
const view = { defaultFilters: (namespace, service) => texts.get(`${namespace}/${service}`) } as Partial<ClusterView>;

for (const [service, filters, error] of [
  ["web", "a() -> b(1)", ""],
  ["empty", "", ""],
  ["none", "", ""],
  ["broken", "", "[eskip] default filters: parse failed after token (, position 2: syntax error"],
] as const) {
  test(`of ${service}`, () => {
    const found = defaultFilters(view as ClusterView, { ...plainSettings, hasDefaultFilters: true }, "team", service);
    assert.deepEqual([printFilters(found.filters), found.error], [filters, error]);
  });
}

test("without a directory nobody is asked", () => {
  assert.deepEqual(defaultFilters({} as ClusterView, plainSettings, "team", "web"), { filters: [], error: "" });
});
