import assert from "node:assert/strict";
import { test } from "node:test";
import { responseBudget } from "./response-budget.ts";

const V2 = "/sys/fs/cgroup/memory.max";
const V1 = "/sys/fs/cgroup/memory/memory.limit_in_bytes";
const GIB = 2 ** 30;

const cases: readonly { title: string; files: Readonly<Record<string, string>>; bytes: number }[] = [
  { title: "a quarter of the limit of version 2", files: { [V2]: "1073741824\n" }, bytes: GIB / 4 },
  { title: "a quarter of the limit of version 1", files: { [V1]: "4294967296\n" }, bytes: GIB },
  { title: "version 2 counts when both are there", files: { [V2]: "1073741824", [V1]: "4294967296" }, bytes: GIB / 4 },
  { title: "no limit in version 2", files: { [V2]: "max\n" }, bytes: 2 * GIB },
  { title: "no limit in version 1", files: { [V1]: "9223372036854771712\n" }, bytes: 2 * GIB },
  { title: "no control groups", files: {}, bytes: 2 * GIB },
];

for (const { title, files, bytes } of cases) {
  test(title, () =>
    assert.equal(
      responseBudget((path) => files[path] ?? ""),
      bytes,
    ),
  );
}
