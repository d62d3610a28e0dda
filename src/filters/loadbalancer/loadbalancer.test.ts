// Behaviour of the load balancing filters (spec filters 9.2); fadeIn and endpointCreated have arguments only.
// biome-ignore-all lint/suspicious/noTemplateCurlyInString: the placeholder syntax of routes

import assert from "node:assert/strict";
import { test } from "node:test";
import { argsProblem } from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";
import { filterSpecs } from "../index.ts";
import { endpointTime, endpointUrl } from "./endpoint-args.ts";
import { signedDurationOrMs } from "./signed-duration.ts";

testFilters([
  {
    title: "a key",
    chain: 'consistentHashKey("${request.header.X-K}/a")',
    request: { headers: [["X-K", "1"]] },
    expect: { ctx: { hashKey: "1/a" } },
  },
  {
    title: "an unresolved placeholder keeps the key",
    chain: 'consistentHashKey("k") -> consistentHashKey("${request.header.X-K}")',
    expect: { ctx: { hashKey: "k" } },
  },
  { title: "factor", chain: "consistentHashBalanceFactor(1.25)", expect: { ctx: { hashBalanceFactor: 1.25 } } },
]);

test("no step per request", () => {
  for (const [name, values] of [
    ["fadeIn", [1000, undefined]],
    ["endpointCreated", ["a:80", 1]],
  ] as const) {
    const spec = filterSpecs.find((one) => one.name === name)!;
    // The filters take nothing from their environment.
    assert.deepEqual(spec.create(values, undefined as never), {});
  }
});

test("the factor is at least one", () => {
  const spec = filterSpecs.find((one) => one.name === "consistentHashBalanceFactor")!;
  assert.equal(argsProblem(spec, [1]), "");
  assert.equal(
    argsProblem(spec, [0.9]),
    "invalid consistentHashBalanceFactor filter value, must be >=1 but got 0.900000",
  );
});

test("argument kinds", () => {
  assert.equal(signedDurationOrMs.parse("-3m"), -180_000);
  assert.equal(signedDurationOrMs.parse(3000.5), 3000.5);
  assert.equal(endpointUrl.parse("http://10.0.0.1:9090/x"), "10.0.0.1:9090");
  assert.equal(endpointUrl.parse("https://A.Example"), "a.example:443");
  assert.equal(endpointUrl.parse("h2c://[::1]"), "[::1]:80");
  assert.equal(endpointTime.parse(1608305400), 1608305400000);
  assert.equal(endpointTime.parse("2020-12-18T15:30:00Z"), 1608305400000);
});
