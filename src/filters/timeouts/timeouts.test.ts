// What the timeout filters leave in the context (spec filters 8), and which arguments they take. Their effect: test/e2e/.

import assert from "node:assert/strict";
import { test } from "node:test";
import { argsProblem } from "../../../test/support/fake-context.ts";
import { testFilters } from "../../../test/support/filter-table.ts";
import { filterSpecs } from "../index.ts";

const fields = {
  backendTimeout: ["backendTimeoutMs", "backend:timeout"],
  readTimeout: ["readTimeoutMs", "read:timeout"],
  writeTimeout: ["writeTimeoutMs", "write:timeout"],
} as const;

for (const [name, [field, key]] of Object.entries(fields)) {
  testFilters([
    ...(
      [
        ["10s", 10_000],
        ["1m30.5s", 90_500],
        ["1500us", 1.5],
        ["0", 0],
        ["-1s", -1000],
        ["10000h", 36_000_000_000],
      ] as const
    ).map(([text, ms]) => ({ title: text, chain: `${name}("${text}")`, expect: { ctx: { [field]: ms } } })),
    { title: "the last one counts", chain: `${name}("1s") -> ${name}("2s")`, expect: { ctx: { [field]: 2000 } } },
    {
      title: "the others are not touched",
      chain: `${name}("1s")`,
      expect: {
        ctx: Object.fromEntries(Object.values(fields).map(([other]) => [other, other === field ? 1000 : Number.NaN])),
      },
    },
    {
      title: "under its key for other filters",
      chain: `setContextRequestHeader("X-Before", "${key}") -> ${name}("90s") -> setContextRequestHeader("X-After", "${key}")`,
      expect: { requestHeaders: { "x-after": "1m30s" } },
    },
    {
      title: "not behind a filter that serves",
      chain: `inlineContent("x") -> ${name}("1s")`,
      expect: { ctx: { [field]: Number.NaN } },
    },
  ]);

  test(`${name}: only a duration with units`, () => {
    const spec = filterSpecs.find((each) => each.name === name)!;
    for (const args of [[], [5], ["5"], [""], ["1d"], ["1 s"], ["1s", "1s"], ["s"]]) {
      assert.notEqual(argsProblem(spec, args), "", JSON.stringify(args));
    }
  });
}
