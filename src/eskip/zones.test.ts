import assert from "node:assert/strict";
import { test } from "node:test";
import { endpointsOfZone } from "./zones.ts";

const endpoints = (zones: string) => [...zones].map((zone, i) => ({ address: `http://10.0.0.${i}:80`, zone }));

for (const [name, zones, zone, expected] of [
  ["three in the zone are enough", "aabab", "a", 3],
  ["two are not", "aab", "a", 3],
  ["none", "bbb", "a", 3],
  ["all are in the zone", "aaaa", "a", 4],
  ["no zone is asked for", "aaabbb", "", 6],
] as const) {
  test(`${name}: ${expected} of ${zones}`, () => {
    const found = endpointsOfZone(endpoints(zones), zone);
    assert.equal(found.length, expected);
    if (expected < zones.length) assert.ok(found.every((endpoint) => endpoint.zone === zone));
  });
}
