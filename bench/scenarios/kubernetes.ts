// P8, the part of the data client: a cluster of 15,000 Ingresses and 5,000 RouteGroups. What it costs when nothing changes, how long
// one changed Ingress takes until it is served, the memory, and what traffic feels while endpoints change fifty times a second. The API
// would be on another machine: here it shares a core with the load, so it works while the load and its backend have nothing to do. Runs
// in which an API makes the same changes for another client show what is left of it.

import { get } from "node:http";
import { setTimeout as delay } from "node:timers/promises";
import { KubernetesApi } from "../../test/support/kubernetes-api.ts";
import { fillCluster, type KubernetesCluster } from "../data/kubernetes-cluster.ts";
import { getHead } from "../load/plan.ts";
import { type LoadProcess, median, startLoad } from "../load/run-load.ts";
import { Watcher } from "../load/watcher.ts";
import type { Scenario, ScenarioOptions } from "../scenario.ts";
import { startSmallBackend } from "../subjects/backends.ts";
import { smallTarget } from "../subjects/names.ts";
import { cpuTimeMs, memoryBytes } from "../subjects/process-cost.ts";
import { inBackground, type Running, whenAnswers } from "../subjects/running.ts";
import { loadFlags, startSkipper } from "../subjects/skipper.ts";
import { round, smallRequests } from "./requests.ts";

const idleSeconds = 20;
const changes = 20;
const changesPerSecond = 50;
const requestsPerSecond = 2000;
const runSeconds = 12;
/** Until the load generator runs, at most: changes go on to the end of its run. */
const loadStartSeconds = 3;
/** The first seconds of a run are not counted: code is still being compiled. */
const skippedSeconds = 2;
/** Load before the runs that count, half of it with changes: for the first half minute the compiler's threads take their share of the
 * core that the workers run on, and what they take would decide the result. */
const warmUpRuns = 2;
/** After the load: what was compiled and collected because of it is over. */
const settleMs = 5000;

interface Measured {
  readonly readyMs: number;
  readonly idleShare: number;
  readonly residentMb: number;
  readonly peakMb: number;
  readonly servedMs: readonly number[];
  readonly p99s: P99s;
}

/** The 99th percentiles of the seconds that count, in microseconds. */
interface Seconds {
  readonly all: readonly number[];
  /** Of the requests that were sent while the machine had its usual speed. */
  readonly steady: readonly number[];
}

interface P99s {
  readonly quiet: Seconds;
  readonly elsewhere: Seconds;
  readonly churning: Seconds;
}

/** A cluster with the API that serves it. */
interface ServedCluster {
  readonly api: KubernetesApi;
  readonly cluster: KubernetesCluster;
}

/** Share of a core that the process takes while nothing happens. */
async function idleShare(running: Running, seconds: number): Promise<number> {
  await delay(settleMs);
  const before = cpuTimeMs(running.pid);
  const startedAt = performance.now();
  await delay(seconds * 1000);
  return (cpuTimeMs(running.pid) - before) / (performance.now() - startedAt);
}

async function changeUntilServed(running: Running, api: KubernetesApi, cluster: KubernetesCluster): Promise<number[]> {
  const watcher = new Watcher({ port: running.port, host: cluster.liveHosts[0]!, target: smallTarget }, (response) =>
    String(response.headers["x-version"]),
  );
  const servedMs: number[] = [];
  for (let i = 1; i <= changes; i++) {
    const since = performance.now();
    cluster.change(api, `setResponseHeader("X-Version", "v${i}")`);
    servedMs.push(await watcher.until(`v${i}`, since));
    await delay(100);
  }
  watcher.close();
  return servedMs;
}

async function p99s(load: LoadProcess, running: Running, cluster: KubernetesCluster): Promise<Seconds> {
  const heads = cluster.liveHosts.map((host) => getHead(host, smallTarget));
  const plan = { ...smallRequests, heads, ratePerSecond: requestsPerSecond, port: running.port, seconds: runSeconds };
  const result = await load.run(plan);
  if (Object.keys(result.errors).length > 0) throw new Error(`wrong answers: ${JSON.stringify(result.errors)}`);
  return {
    all: result.p99MicrosBySecond.slice(skippedSeconds),
    steady: result.steadyP99MicrosBySecond.slice(skippedSeconds).filter((micros) => micros !== null),
  };
}

/**
 * The same while endpoints change: as many changes as are due, so that a turn that comes late lowers no rate. They are encoded before the
 * run: the API shares a core with the load.
 */
async function churningP99s(
  load: LoadProcess,
  running: Running,
  live: KubernetesCluster,
  { api, cluster }: ServedCluster,
): Promise<Seconds> {
  const length = (runSeconds + loadStartSeconds) * changesPerSecond;
  const prepared = Array.from({ length }, () => cluster.prepareChurn(api));
  const startedAt = performance.now();
  let made = 0;
  const timer = setInterval(() => {
    const due = Math.min(((performance.now() - startedAt) * changesPerSecond) / 1000, prepared.length);
    for (; made < due; made++) api.store.commit(prepared[made]!);
  }, 1000 / changesPerSecond);
  return p99s(load, running, live).finally(() => clearInterval(timer));
}

/** Another client of an API reads a watch of its endpoints and does nothing with it. */
async function readElsewhere({ api }: ServedCluster): Promise<void> {
  const path = `${api.url}/api/v1/endpoints`;
  const list = (await (await fetch(`${path}?limit=1`)).json()) as { metadata: { resourceVersion: string } };
  const query = `watch=true&timeoutSeconds=3600&resourceVersion=${list.metadata.resourceVersion}`;
  await new Promise<void>((resolve) => {
    get(`${path}?${query}`, (response) => {
      response.resume().on("error", () => {});
      resolve();
    });
  });
}

async function measure(
  running: Running,
  served: ServedCluster,
  other: ServedCluster,
  options: ScenarioOptions,
): Promise<Measured> {
  const { api, cluster } = served;
  const readyMs = await whenAnswers(running, cluster.liveHosts.at(-1)!, smallTarget, 120_000);
  const share = await idleShare(running, options.scale < 1 ? 2 : idleSeconds);
  const megabytes = (field: "VmRSS" | "VmHWM") => memoryBytes(running.pid, field) / 1e6;
  const [residentMb, peakMb] = [megabytes("VmRSS"), megabytes("VmHWM")];
  const servedMs = await changeUntilServed(running, api, cluster);
  const load = startLoad();
  const p99s = await inBackground(() => measureTraffic(load, running, served, other, options.rounds));
  await load.stop();
  return { readyMs, idleShare: share, residentMb, peakMb, servedMs, p99s };
}

async function measureTraffic(
  load: LoadProcess,
  running: Running,
  served: ServedCluster,
  other: ServedCluster,
  rounds: number,
): Promise<P99s> {
  const { cluster } = served;
  for (let i = 0; i < warmUpRuns; i++) {
    await p99s(load, running, cluster);
    await churningP99s(load, running, cluster, served);
  }
  await readElsewhere(other);
  const quiet: Seconds[] = [];
  const elsewhere: Seconds[] = [];
  const churning: Seconds[] = [];
  for (let i = 0; i < rounds; i++) {
    quiet.push(await p99s(load, running, cluster));
    elsewhere.push(await churningP99s(load, running, cluster, other));
    churning.push(await churningP99s(load, running, cluster, served));
  }
  return { quiet: together(quiet), elsewhere: together(elsewhere), churning: together(churning) };
}

function together(runs: readonly Seconds[]): Seconds {
  return { all: runs.flatMap(({ all }) => all), steady: runs.flatMap(({ steady }) => steady) };
}

/** Median and quartiles, in milliseconds. */
function spread(micros: readonly number[]): string {
  if (micros.length === 0) return "-";
  const sorted = micros.toSorted((a, b) => a - b);
  const at = (share: number) => round(sorted[Math.floor(share * sorted.length)]! / 1000);
  return `${round(median(sorted) / 1000)} (${at(0.25)} to ${at(0.75)})`;
}

export const kubernetes: Scenario = {
  name: "P8",
  title: "a cluster of 15,000 Ingresses and 5,000 RouteGroups: cost at rest, a change until it is served, churn",
  async run(options) {
    const backend = await startSmallBackend();
    const rows: Record<string, string | number>[] = [];
    const all: Measured[] = [];
    let objects = 0;
    for (const launcher of options.launchers) {
      const api = await KubernetesApi.start();
      const cluster = fillCluster(api, backend.addresses, backend.port, options.scale);
      objects = cluster.objects;
      const running = await startSkipper({
        launcher: launcher.path,
        name: launcher.name,
        routesFiles: [],
        flags: [
          ...loadFlags,
          "-workers=2",
          "-kubernetes",
          `-kubernetes-url=${api.url}`,
          "-kubernetes-https-redirect=false",
        ],
      });
      const otherApi = await KubernetesApi.start();
      const other = {
        api: otherApi,
        cluster: fillCluster(otherApi, backend.addresses, backend.port, options.scale),
      };
      const measured = await measure(running, { api, cluster }, other, options).catch((error: Error) => {
        throw new Error(`${launcher.name}: ${error.message}\n${running.log().slice(-2000)}`);
      });
      await running.stop();
      await api.down();
      await otherApi.down();
      all.push(measured);
      rows.push({
        subject: launcher.name,
        "ready s": round(measured.readyMs / 1000),
        "idle, % of a core": round(measured.idleShare * 100),
        "resident MB": Math.round(measured.residentMb),
        "peak MB": Math.round(measured.peakMb),
        "served ms (median)": round(median(measured.servedMs)),
        "served ms (worst)": round(Math.max(...measured.servedMs)),
        "p99 ms quiet": spread(measured.p99s.quiet.steady),
        "p99 ms, changes to another client": spread(measured.p99s.elsewhere.steady),
        "p99 ms churning": spread(measured.p99s.churning.steady),
      });
    }
    await backend.stop();
    const ours = all[0]!;
    const { quiet, elsewhere, churning } = ours.p99s;
    const isSteady = quiet.steady.length > 0 && churning.steady.length > 0;
    return {
      figures: [
        { key: "idle", value: ours.idleShare * 100 },
        { key: "served", value: median(ours.servedMs) },
        ...(isSteady ? [{ key: "churn-p99-vs-quiet", value: median(churning.steady) / median(quiet.steady) }] : []),
      ],
      table: rows,
      notes: [
        ...(isSteady ? [] : ["the machine had its usual speed in no second of one kind: measure again"]),
        `${objects} objects; traffic of ${requestsPerSecond} requests a second over 64 connections and 64 hosts`,
        `${changesPerSecond} changes of endpoints a second, an eighth of them of Services with traffic`,
        `p99 of each second, of requests sent while the machine had its usual speed: median and quartiles of ${quiet.steady.length}, ${elsewhere.steady.length} and ${churning.steady.length} seconds, which take turns`,
        `of all requests: ${spread(quiet.all)} quiet, ${spread(elsewhere.all)} with changes to another client, ${spread(churning.all)} churning, ${round(median(churning.all) / median(quiet.all))} x`,
        `over runs in which an API on this machine makes the changes for another client: ${round(median(churning.steady) / median(elsewhere.steady))} x`,
      ],
    };
  },
};
