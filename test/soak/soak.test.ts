// A minute of the soak, so that every change meets mixed load, dying backends and route changes at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runSoak } from "./run-soak.ts";

test("a minute of mixed load passes without a failure and without growth", async () => {
  const report = await runSoak(60);
  assert.deepEqual({ faults: report.faults, failures: report.failures }, { faults: [], failures: [] });
});
