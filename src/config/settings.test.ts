import assert from "node:assert/strict";
import { test } from "node:test";
import { Invalid } from "./option.ts";
import { excludedNetworks, parseBuckets, parseForwardedHeaders, parsePassiveHealthCheck } from "./settings.ts";

test("buckets are sorted numbers, each once", () => {
  assert.deepEqual(parseBuckets(" 1, .5,1e3"), [0.5, 1, 1000]);
  assert.deepEqual(parseBuckets("1,0.5,1.0,+5e-1"), [0.5, 1]);
  assert.deepEqual(parseBuckets("1,+Inf,inf,Infinity"), [1]);
  assert.deepEqual(parseBuckets(""), []);
  for (const text of ["1,,2", "0x10", "1_0", "NaN", "-Inf", "1s"])
    assert.ok(parseBuckets(text) instanceof Invalid, text);
});

test("forwarded headers", () => {
  const names = [
    "X-Forwarded-For",
    "X-Forwarded-Host",
    "X-Forwarded-Method",
    "X-Forwarded-Uri",
    "X-Forwarded-Port=auto",
  ];
  assert.deepEqual(parseForwardedHeaders([...names, "X-Forwarded-Proto=https"]), {
    for: true,
    host: true,
    method: true,
    uri: true,
    port: "auto",
    proto: "https",
  });
  for (const name of ["x-forwarded-for", "X-Forwarded-Proto", "X-Forwarded-Proto=ftp", ""]) {
    assert.deepEqual(parseForwardedHeaders([name]), new Invalid(`invalid forwarded header: ${name}`));
  }
});

test("a network to exclude without mask gets /32", () => {
  assert.deepEqual(excludedNetworks(["1.2.3.4", "10.0.0.0/8", "2001:db8::1"]), [
    "1.2.3.4/32",
    "10.0.0.0/8",
    "2001:db8::1/32",
  ]);
});

const required = { period: "1m", "min-requests": "10", "max-drop-probability": "0.9" };

test("passive health check", () => {
  assert.equal(parsePassiveHealthCheck(null), null);
  assert.deepEqual(parsePassiveHealthCheck(required), {
    periodMs: 60_000,
    minRequests: 10,
    minDropProbability: 0,
    maxDropProbability: 0.9,
    maxUnhealthyEndpointsRatio: 1,
  });
});

const bad: [Record<string, string>, string][] = [
  [{}, "missing required parameters [period min-requests max-drop-probability]"],
  [{ period: "1s" }, "missing required parameters [min-requests max-drop-probability]"],
  [{ ...required, x: "1" }, "invalid parameter: key=x,value=1"],
  [{ ...required, period: "-1s" }, "invalid period value: -1s"],
  [{ ...required, period: "1" }, "invalid period value: 1"],
  [{ ...required, period: "0s" }, "invalid period value: 0s"],
  [{ ...required, "min-requests": "1.5" }, "invalid min-requests value: 1.5"],
  [{ ...required, "max-drop-probability": "1.1" }, "invalid max-drop-probability value: 1.1"],
  [{ ...required, "min-drop-probability": "0.9" }, "minDropProbability should be less than maxDropProbability"],
];

for (const [given, message] of bad) {
  test(`passive health check refused: ${message}`, () => {
    assert.deepEqual(parsePassiveHealthCheck(given), new Invalid(`passive health check: ${message}`));
  });
}
