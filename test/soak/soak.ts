// `npm run soak -- --minutes 60`: mixed load on the real proxy for a long time, on loopback; with --cluster routes and endpoints of a
// Kubernetes cluster that changes all the time. Prints the report as JSON (or writes it with --report FILE) and ends with 1 when a
// request to a healthy backend failed or memory did not end where it began.

import { writeFileSync } from "node:fs";
import process from "node:process";
import { parseArgs } from "node:util";
import { runClusterSoak } from "./cluster-soak.ts";
import { runSoak } from "./run-soak.ts";

const { values } = parseArgs({
  options: {
    minutes: { type: "string", default: "1" },
    cluster: { type: "boolean", default: false },
    report: { type: "string" },
  },
});

for (const signal of ["SIGINT", "SIGTERM"] as const) process.once(signal, () => process.exit(1));

const report = await (values.cluster ? runClusterSoak : runSoak)(Number(values.minutes) * 60);
const text = `${JSON.stringify(report, null, 2)}\n`;
if (values.report === undefined) process.stdout.write(text);
else writeFileSync(values.report, text);
for (const fault of report.faults) console.error(fault);
process.exit(report.faults.length === 0 ? 0 : 1);
