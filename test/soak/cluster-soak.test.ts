// A part of a minute of the soak with a cluster, so that every change meets churn, restarts of the API server and rotation at once.

import assert from "node:assert/strict";
import { test } from "node:test";
import { runClusterSoak } from "./cluster-soak.ts";

test("a cluster that changes all the time costs no request and no memory", async () => {
  const report = await runClusterSoak(40);
  assert.deepEqual({ faults: report.faults, failures: report.failures }, { faults: [], failures: [] });
});
