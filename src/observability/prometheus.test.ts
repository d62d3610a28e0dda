import assert from "node:assert/strict";
import { test } from "node:test";
import { boundText, namespaceOf } from "./prometheus.ts";

const bounds: [bound: number, text: string][] = [
  [0, "0"],
  [0.0001, "0.0001"],
  [0.00025, "0.00025"],
  [0.00001, "1e-05"],
  [0.000125, "0.000125"],
  [0.0000125, "1.25e-05"],
  [0.005, "0.005"],
  [2.5, "2.5"],
  [10, "10"],
  [600, "600"],
  [65_536, "65536"],
  [524_288, "524288"],
  [999_999, "999999"],
  [1_000_000, "1e+06"],
  [1_048_576, "1.048576e+06"],
  [536_870_912, "5.36870912e+08"],
  [1_073_741_824, "1.073741824e+09"],
  [1e100, "1e+100"],
  [-1.5, "-1.5"],
];

for (const [bound, text] of bounds)
  test(`the bound ${bound} is written ${text}`, () => assert.equal(boundText(bound), text));

test("the namespace is the prefix without its last dot, with what a name may hold", () => {
  for (const [prefix, name] of [
    ["skipper.", "skipper"],
    ["", "skipper"],
    [".", "skipper"],
    ["my-app.edge.", "my_app_edge"],
  ] as const) {
    assert.equal(namespaceOf(prefix), name);
  }
});
