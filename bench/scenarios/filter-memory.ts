// filter-memory: a body of 1 GB through each filter that works on streaming bodies, and a client that hardly reads: what the proxy
// holds of it. Every filter gets a proxy of its own, so that none profits from memory that another has taken.

import { spawn } from "node:child_process";
import { once } from "node:events";
import http from "node:http";
import path from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { chainWith, type StreamingFilter, streamingFilters } from "../data/streaming-filters.ts";
import { runLoad } from "../load/run-load.ts";
import { pieces } from "../load/stream-backend.ts";
import type { Scenario } from "../scenario.ts";
import { startBodyBackend } from "../subjects/backends.ts";
import { benchHost, smallTarget } from "../subjects/names.ts";
import { cpuTimeMs, memoryBytes } from "../subjects/process-cost.ts";
import { freePort, loadCore, type Running, start, whenAnswers } from "../subjects/running.ts";
import { loadFlags, routesFile, startSkipper } from "../subjects/skipper.ts";
import { plainRoute } from "./plain-proxy.ts";
import { round, smallRequests } from "./requests.ts";

const BODY_BYTES = 1e9;
const SLOW_SECONDS = 5;

async function startStreamBackend(): Promise<Running> {
  const port = await freePort();
  const program = path.join(import.meta.dirname, "../load/stream-backend.ts");
  const running = start("backend-streams", loadCore, port, process.execPath, [program, String(port)]);
  await whenAnswers(running, "backend.example.org", "/text/1");
  return running;
}

function requestFor(running: Running, filter: StreamingFilter, bytes: number): http.ClientRequest {
  const isUpload = filter.direction === "upload";
  return http.request({
    host: "127.0.0.1",
    port: running.port,
    path: `/${filter.body}/${bytes}`,
    method: isUpload ? "POST" : "GET",
    headers: {
      Host: benchHost,
      "Accept-Encoding": filter.acceptEncoding ?? "identity",
      ...(isUpload ? { "Content-Length": String(bytes) } : {}),
    },
    agent: false,
  });
}

/** One body through the filter; every byte of it must arrive. */
async function transfer(running: Running, filter: StreamingFilter, bytes: number): Promise<void> {
  const sent = requestFor(running, filter, bytes);
  const answered = once(sent, "response") as Promise<[http.IncomingMessage]>;
  if (filter.direction === "upload") {
    for (const piece of pieces(filter.body, bytes)) if (!sent.write(piece)) await once(sent, "drain");
  }
  sent.end();
  const [response] = await answered;
  for await (const _ of response);
  if (response.statusCode !== 200 || !response.complete) throw new Error(`${filter.name}: the body broke`);
}

/** A client that takes 16 kB a second (curl waits between its reads), for some seconds. */
async function readSlowly(running: Running, filter: StreamingFilter, bytes: number): Promise<void> {
  const address = `http://127.0.0.1:${running.port}/${filter.body}/${bytes}`;
  const limits = ["--limit-rate", "16k", "--max-time", String(SLOW_SECONDS)];
  const headers = ["-H", `Host: ${benchHost}`, "-H", `Accept-Encoding: ${filter.acceptEncoding ?? "identity"}`];
  const child = spawn("curl", ["-s", "-o", "/dev/null", ...limits, ...headers, address], { stdio: "ignore" });
  await once(child, "exit");
}

/** The highest reading of memory while something runs, over what it was before, in MB. */
async function growth(running: Running, idle: number, work: () => Promise<void>): Promise<number> {
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, memoryBytes(running.pid, "VmRSS"));
  }, 50);
  try {
    await work();
  } finally {
    clearInterval(timer);
  }
  return (highest - idle) / 1e6;
}

export const filterMemory: Scenario = {
  name: "filter-memory",
  title: "1 GB through each streaming filter, and a client that hardly reads: memory over the idle proxy",
  async run(options) {
    const bytes = BODY_BYTES * options.scale;
    const [small, streams] = [await startBodyBackend(), await startStreamBackend()];
    const table: Record<string, string | number>[] = [];
    for (const filter of streamingFilters) {
      const filters = filter.chain === "" ? undefined : chainWith(filter, streams.port);
      const streamed = plainRoute(streams.port, filters, `/${filter.body}`).replace("bench:", "streamed:");
      const running = await startSkipper({
        launcher: options.launchers[0]!.path,
        name: "skipper",
        routesFiles: [routesFile("memory.eskip", plainRoute(small.port) + streamed)],
        // The slowest filters take longer than a minute for such a body.
        flags: [...loadFlags, "-workers=1", "-read-timeout-server=0", "-write-timeout-server=0"],
      });
      await whenAnswers(running, benchHost, smallTarget);
      // A proxy that has work, as all have: what it costs to be awake is not the filter's.
      await runLoad({ ...smallRequests, port: running.port, seconds: 2 });
      await delay(1000);
      const idle = memoryBytes(running.pid, "VmRSS");
      const slow =
        filter.direction === "upload" ? 0 : await growth(running, idle, () => readSlowly(running, filter, bytes));
      const before = cpuTimeMs(running.pid);
      const startedAt = performance.now();
      const whole = await growth(running, idle, () => transfer(running, filter, bytes));
      table.push({
        filter: filter.name,
        "MB over idle": round(whole),
        "MB, slow client": filter.direction === "upload" ? "-" : round(slow),
        "CPU ms/MB": round((cpuTimeMs(running.pid) - before) / (bytes / 1e6)),
        "MB/s": Math.round(bytes / 1e3 / (performance.now() - startedAt)),
      });
      await running.stop();
    }
    for (const running of [small, streams]) await running.stop();
    const highest = (column: string): number =>
      Math.max(...table.map((row) => row[column]).filter((value) => typeof value === "number"));
    return {
      figures: [
        { key: "whole-body", value: highest("MB over idle") },
        { key: "slow-client", value: highest("MB, slow client") },
      ],
      table,
      notes: [`one worker, ${bytes / 1e6} MB, the slow client takes 16 kB a second for ${SLOW_SECONDS} s`],
    };
  },
};
