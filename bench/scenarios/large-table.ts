// P3: 800,000 routes from one file: how long until the last of them answers, and the peak of memory, with traffic over many routes.

import path from "node:path";
import { type CatalogTable, catalogPath, writeCatalogTable } from "../data/catalog-table.ts";
import { getHead, type LoadPlan } from "../load/plan.ts";
import { median, runLoad } from "../load/run-load.ts";
import type { Scenario } from "../scenario.ts";
import { startSmallBackend } from "../subjects/backends.ts";
import { benchHost } from "../subjects/names.ts";
import { memoryBytes } from "../subjects/process-cost.ts";
import { whenAnswers, workFolder } from "../subjects/running.ts";
import { loadFlags, startSkipper } from "../subjects/skipper.ts";
import { round, smallRequests } from "./requests.ts";

const requestedRoutes = 4096;
const stride = 7919;
const readyLimitMs = 120_000;

/** Requests for routes all over the table. */
export function catalogRequests(table: CatalogTable): Omit<LoadPlan, "port" | "seconds"> {
  const heads = Array.from({ length: requestedRoutes }, (_, i) =>
    getHead(benchHost, catalogPath((i * stride) % table.count)),
  );
  return { ...smallRequests, heads };
}

export const largeTable: Scenario = {
  name: "P3",
  title: "800,000 routes from one file: time until ready, peak memory, two workers",
  async run(options) {
    const backend = await startSmallBackend();
    const catalog = writeCatalogTable(path.join(workFolder(), "catalog.eskip"), backend.port, options.scale);
    const rows: Record<string, string | number>[] = [];
    const ours: { ready: number; peak: number }[] = [];
    for (let i = 0; i < Math.min(options.rounds, 3); i++) {
      for (const [at, launcher] of options.launchers.entries()) {
        const running = await startSkipper({
          launcher: launcher.path,
          name: launcher.name,
          routesFiles: [catalog.file],
          flags: [...loadFlags, "-workers=2"],
        });
        const ready = (await whenAnswers(running, benchHost, catalogPath(catalog.count - 1), readyLimitMs)) / 1000;
        const peakLoaded = memoryBytes(running.pid, "VmHWM") / 1e6;
        const load = await runLoad({ ...catalogRequests(catalog), port: running.port, seconds: options.seconds });
        const peak = memoryBytes(running.pid, "VmHWM") / 1e6;
        const now = memoryBytes(running.pid, "VmRSS") / 1e6;
        await running.stop();
        if (Object.keys(load.errors).length > 0) throw new Error(`wrong answers: ${JSON.stringify(load.errors)}`);
        if (at === 0) ours.push({ ready, peak });
        rows.push({
          subject: launcher.name,
          routes: catalog.count,
          "ready s": round(ready),
          "peak when ready MB": round(peakLoaded),
          "peak under load MB": round(peak),
          "memory after it MB": round(now),
        });
      }
    }
    await backend.stop();
    return {
      figures: [
        { key: "ready", value: median(ours.map((one) => one.ready)) },
        { key: "peak-memory", value: median(ours.map((one) => one.peak)) },
      ],
      table: rows,
      notes: [],
    };
  },
};
