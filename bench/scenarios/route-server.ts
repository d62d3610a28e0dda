// P8 end to end: the same cluster behind a Route Server, with two proxies and 300 simulated clients that wait for changes. How long one
// changed Ingress takes until requests through both proxies see it, what each client is sent for it, and what a still cluster costs.

import http from "node:http";
import path from "node:path";
import { setTimeout as delay } from "node:timers/promises";
import { KubernetesApi } from "../../test/support/kubernetes-api.ts";
import { fillCluster, type KubernetesCluster } from "../data/kubernetes-cluster.ts";
import { CountingRelay } from "../load/counting-relay.ts";
import { median } from "../load/run-load.ts";
import { WaitingReaders } from "../load/waiting-readers.ts";
import { Watcher } from "../load/watcher.ts";
import type { Outcome, Scenario, ScenarioOptions } from "../scenario.ts";
import { startSmallBackend } from "../subjects/backends.ts";
import { smallTarget } from "../subjects/names.ts";
import { cpuTimeMs, memoryBytes } from "../subjects/process-cost.ts";
import { freePort, type Running, start, subjectCore, whenAnswers } from "../subjects/running.ts";
import { loadFlags, startSkipper } from "../subjects/skipper.ts";
import { round } from "./requests.ts";

const READERS = 300;
const PROXIES = 2;
const CHANGES = 20;
const IDLE_SECONDS = 20;
/** After the start, and between two changes. */
const SETTLE_MS = 5000;
const PAUSE_MS = 200;
const READY_MS = 120_000;

/** The processes of a run, and what counts what they are sent. */
interface Fleet {
  readonly server: Running;
  readonly proxies: readonly Running[];
  readonly relays: readonly CountingRelay[];
  readonly readers: WaitingReaders;
  readonly etag: string;
}

async function startServer(launcher: string, apiUrl: string): Promise<Running> {
  const [port, supportPort] = [await freePort(), await freePort()];
  const addresses = [`-address=127.0.0.1:${port}`, `-support-listener=127.0.0.1:${supportPort}`];
  const flags = ["-kubernetes", `-kubernetes-url=${apiUrl}`, "-kubernetes-https-redirect=false"];
  const command = path.join(path.dirname(launcher), "routesrv");
  const server = start("routesrv", subjectCore, port, command, [...addresses, ...flags]);
  await whenAnswers(server, "bench.test", "/health", READY_MS, 204);
  return server;
}

/** The tag of the text as it is without compression. */
function tagOf(port: number): Promise<string> {
  return new Promise((resolve, reject) => {
    const asked = http.request({ port, host: "127.0.0.1", path: "/routes", method: "HEAD", agent: false }, (answer) => {
      answer.resume();
      resolve(String(answer.headers.etag));
    });
    asked.on("error", reject).end();
  });
}

async function startFleet(launcher: string, api: KubernetesApi, cluster: KubernetesCluster): Promise<Fleet> {
  const server = await startServer(launcher, api.url);
  const relays: CountingRelay[] = [];
  const proxies: Running[] = [];
  for (let i = 0; i < PROXIES; i++) {
    const relay = await CountingRelay.start(server.port);
    const flags = [...loadFlags, "-workers=1", "-normalize-host", `-routes-urls=http://127.0.0.1:${relay.port}/routes`];
    const proxy = await startSkipper({ launcher, name: `proxy-${i + 1}`, routesFiles: [], flags });
    await whenAnswers(proxy, cluster.liveHosts.at(-1)!, smallTarget, READY_MS);
    relays.push(relay);
    proxies.push(proxy);
  }
  const etag = await tagOf(server.port);
  return { server, proxies, relays, readers: await WaitingReaders.start(server.port, READERS, etag), etag };
}

/** Share of a core that each process takes while nothing happens. */
async function idleShares(processes: readonly Running[], seconds: number): Promise<number[]> {
  await delay(SETTLE_MS);
  const before = processes.map(({ pid }) => cpuTimeMs(pid));
  const startedAt = performance.now();
  await delay(seconds * 1000);
  const ms = performance.now() - startedAt;
  return processes.map(({ pid }, i) => (cpuTimeMs(pid) - before[i]!) / ms);
}

interface Changes {
  /** Until both proxies serve it on all connections, and until all readers were told. */
  readonly servedMs: readonly number[];
  readonly toldMs: readonly number[];
  /** For each change and client, in bytes. */
  readonly proxyBytes: number;
  readonly readerBytes: number;
  /** CPU of the server for each change. */
  readonly serverMs: number;
}

async function makeChanges(fleet: Fleet, api: KubernetesApi, cluster: KubernetesCluster): Promise<Changes> {
  const { server, proxies, relays, readers } = fleet;
  const target = { host: cluster.liveHosts[0]!, target: smallTarget };
  const watchers = proxies.map(
    ({ port }) => new Watcher({ port, ...target }, ({ headers }) => String(headers["x-version"])),
  );
  const sent = () => relays.reduce((sum, { bytes }) => sum + bytes, 0);
  const [sentBefore, readBefore, cpuBefore] = [sent(), readers.bytes, cpuTimeMs(server.pid)];
  const servedMs: number[] = [];
  const toldMs: number[] = [];
  let { etag } = fleet;
  for (let i = 1; i <= CHANGES; i++) {
    const since = performance.now();
    cluster.change(api, `setResponseHeader("X-Version", "v${i}")`);
    const told = readers.another(etag).then((tag) => {
      etag = tag;
      toldMs.push(performance.now() - since);
    });
    servedMs.push(Math.max(...(await Promise.all(watchers.map((watcher) => watcher.until(`v${i}`, since))))));
    await told;
    await delay(PAUSE_MS);
  }
  for (const watcher of watchers) watcher.close();
  return {
    servedMs,
    toldMs,
    proxyBytes: (sent() - sentBefore) / CHANGES / PROXIES,
    readerBytes: (readers.bytes - readBefore) / CHANGES / READERS,
    serverMs: (cpuTimeMs(server.pid) - cpuBefore) / CHANGES,
  };
}

async function run(options: ScenarioOptions): Promise<Outcome> {
  const backend = await startSmallBackend();
  const api = await KubernetesApi.start();
  const cluster = fillCluster(api, backend.addresses, backend.port, options.scale);
  const fleet = await startFleet(options.launchers[0]!.path, api, cluster);
  const processes = [fleet.server, ...fleet.proxies];
  const idle = await idleShares(processes, options.scale < 1 ? 2 : IDLE_SECONDS);
  const changes = await makeChanges(fleet, api, cluster);
  const residentMb = processes.map(({ pid }) => memoryBytes(pid, "VmRSS") / 1e6);
  fleet.readers.close();
  for (const proxy of fleet.proxies) await proxy.stop();
  for (const relay of fleet.relays) relay.close();
  await fleet.server.stop();
  await api.down();
  await backend.stop();
  return {
    figures: [
      { key: "idle-server", value: idle[0]! * 100 },
      { key: "idle-proxy", value: Math.max(...idle.slice(1)) * 100 },
      { key: "served", value: median(changes.servedMs) },
      { key: "bytes", value: Math.max(changes.proxyBytes, changes.readerBytes) / 1000 },
    ],
    table: [
      {
        "served ms (median)": round(median(changes.servedMs)),
        "served ms (worst)": round(Math.max(...changes.servedMs)),
        "told ms (median)": round(median(changes.toldMs)),
        "bytes to a proxy": Math.round(changes.proxyBytes),
        "bytes to a client": Math.round(changes.readerBytes),
        "server's CPU, ms a change": round(changes.serverMs),
        "idle, % of a core": idle.map((share) => round(share * 100)).join(" "),
        "resident MB": residentMb.map(Math.round).join(" "),
      },
    ],
    notes: [
      `${cluster.objects} objects, ${PROXIES} proxies and ${READERS} simulated clients that wait for changes; bytes are those of one change`,
      "CPU and memory: the Route Server, then the proxies",
    ],
  };
}

export const routeServer: Scenario = {
  name: "P8-fleet",
  title: "the same cluster behind a Route Server: a change until two proxies serve it, bytes to each of 300 clients",
  run,
};
