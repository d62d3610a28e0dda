// A minute of the soak, so that every change meets mixed load, dying backends and route changes at once.

import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { runSoak } from "./run-soak.ts";

test("a minute of mixed load passes without a failure and without growth", async () => {
  const report = await runSoak(path.join(import.meta.dirname, "../../bin/skipper"), 60);
  assert.deepEqual({ faults: report.faults, failures: report.failures }, { faults: [], failures: [] });
});
