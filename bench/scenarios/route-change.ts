// P4: one route of 800,000 changes, in a second small file: how long until every worker serves the new one, and what traffic feels
// while a route changes every second. An edit inside the large file, which has to be read again, is shown beside it.

import { renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { type CatalogTable, catalogPath, changeInPlace, writeCatalogTable } from "../data/catalog-table.ts";
import { median, runLoad } from "../load/run-load.ts";
import { Watcher } from "../load/watcher.ts";
import type { Scenario, ScenarioOptions } from "../scenario.ts";
import { startSmallBackend } from "../subjects/backends.ts";
import { benchHost } from "../subjects/names.ts";
import { type Running, whenAnswers, workFolder } from "../subjects/running.ts";
import { loadFlags, startSkipper } from "../subjects/skipper.ts";
import { catalogRequests } from "./large-table.ts";
import { round } from "./requests.ts";

const changes = 20;
const requestsPerSecond = 2000;
const runSeconds = 12;
/** The first seconds of a run are not counted: code is still being compiled. */
const skippedSeconds = 2;

const changedTarget = "/changed";

/** Replaces the small file in one step, as editors and config map mounts do. */
function writeSmallFile(file: string, version: string): void {
  writeFileSync(`${file}.new`, `changed: Path("${changedTarget}") -> inlineContent("${version}") -> <shunt>;\n`);
  renameSync(`${file}.new`, file);
}

interface Measured {
  readonly servedMs: readonly number[];
  readonly editedMs: readonly number[];
  readonly quiet: readonly number[];
  readonly changing: readonly number[];
}

async function measure(
  running: Running,
  small: string,
  catalog: CatalogTable,
  backendPort: number,
  options: ScenarioOptions,
): Promise<Measured> {
  const measured = {
    servedMs: [] as number[],
    editedMs: [] as number[],
    quiet: [] as number[],
    changing: [] as number[],
  };
  const watcher = new Watcher(
    { port: running.port, host: benchHost, target: changedTarget },
    (_response, body) => body,
  );
  await watcher.until("v0", performance.now());
  for (let i = 1; i <= changes; i++) {
    const since = performance.now();
    writeSmallFile(small, `v${i}`);
    measured.servedMs.push(await watcher.until(`v${i}`, since));
    await delay(200);
  }
  watcher.close();

  const last = catalog.count - 1;
  const tagWatcher = new Watcher({ port: running.port, host: benchHost, target: catalogPath(last) }, (response) =>
    String(response.headers["x-tag"]),
  );
  for (let i = 1; i <= 3; i++) {
    const tag = `tag${String(i).padStart(3, "0")}`;
    const since = performance.now();
    changeInPlace(catalog, last, tag, backendPort);
    measured.editedMs.push(await tagWatcher.until(tag, since, 120_000));
    await delay(500);
  }
  tagWatcher.close();

  for (let i = 0; i < options.rounds; i++) {
    measured.quiet.push(await worstP99(running, catalog));
    let version = 0;
    const timer = setInterval(() => writeSmallFile(small, `w${i}-${version++}`), 1000);
    measured.changing.push(await worstP99(running, catalog).finally(() => clearInterval(timer)));
  }
  return measured;
}

/** The worst 99th percentile of any second of a run at a fixed rate, in microseconds. */
async function worstP99(running: Running, catalog: CatalogTable): Promise<number> {
  const plan = {
    ...catalogRequests(catalog),
    ratePerSecond: requestsPerSecond,
    port: running.port,
    seconds: runSeconds,
  };
  const result = await runLoad(plan);
  if (Object.keys(result.errors).length > 0) throw new Error(`wrong answers: ${JSON.stringify(result.errors)}`);
  return Math.max(...result.p99MicrosBySecond.slice(skippedSeconds));
}

export const routeChange: Scenario = {
  name: "P4",
  title: "one route changed among 800,000: until every worker serves it, and p99 of traffic meanwhile",
  async run(options) {
    const backend = await startSmallBackend();
    const rows: Record<string, string | number>[] = [];
    const all: Measured[] = [];
    for (const launcher of options.launchers) {
      const catalog = writeCatalogTable(
        path.join(workFolder(), `catalog-${launcher.name}.eskip`),
        backend.port,
        options.scale,
      );
      const small = path.join(workFolder(), `changed-${launcher.name}.eskip`);
      writeSmallFile(small, "v0");
      const running = await startSkipper({
        launcher: launcher.path,
        name: launcher.name,
        routesFiles: [catalog.file, small],
        flags: [...loadFlags, "-workers=2"],
      });
      await whenAnswers(running, benchHost, catalogPath(catalog.count - 1), 120_000);
      const measured = await measure(running, small, catalog, backend.port, options).catch((error: Error) => {
        throw new Error(`${launcher.name}: ${error.message}\n${running.log().slice(-2000)}`);
      });
      await running.stop();
      all.push(measured);
      rows.push({
        subject: launcher.name,
        "served ms (median)": round(median(measured.servedMs)),
        "served ms (worst)": round(Math.max(...measured.servedMs)),
        "large file edited, served ms": measured.editedMs.map((ms) => Math.round(ms)).join(" "),
        "worst p99 ms quiet": measured.quiet.map((micros) => round(micros / 1000)).join(" "),
        "worst p99 ms changing": measured.changing.map((micros) => round(micros / 1000)).join(" "),
      });
    }
    await backend.stop();
    const ours = all[0]!;
    return {
      figures: [
        { key: "served", value: median(ours.servedMs) },
        { key: "p99-vs-quiet", value: median(ours.changing) / median(ours.quiet) },
      ],
      table: rows,
      notes: [
        `traffic of ${requestsPerSecond} requests a second over 64 connections; 12 connections watch the changed route`,
      ],
    };
  },
};
