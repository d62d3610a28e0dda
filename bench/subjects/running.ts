// Processes that a benchmark starts: pinned to a core, known by pid, ended by pid. Nothing that was not started here is touched.

import { type ChildProcess, spawn, spawnSync } from "node:child_process";
import { mkdtempSync, openSync, readFileSync, rmSync } from "node:fs";
import http from "node:http";
import net from "node:net";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";

export const subjectCore = 0;
export const loadCore = 1;

export interface Running {
  readonly name: string;
  readonly pid: number;
  readonly port: number;
  /** performance.now() of its start. */
  readonly startedAt: number;
  /** What it wrote to its standard output and error so far. */
  log(): string;
  stop(): Promise<void>;
}

const children = new Set<ChildProcess>();
let directory = "";

/** A folder for the files of this run; removed by `stopAll`. */
export function workFolder(): string {
  if (directory === "") directory = mkdtempSync(path.join(os.tmpdir(), "skipper-bench-"));
  return directory;
}

/** Starts a program on one core. It is ready when `whenAnswers` says so, not before. */
export function start(name: string, core: number, port: number, command: string, args: readonly string[]): Running {
  const logFile = path.join(workFolder(), `${name}-${port}.log`);
  const log = openSync(logFile, "w");
  const startedAt = performance.now();
  const pinned = hasProgram("taskset") ? ["taskset", "-c", String(core), command, ...args] : [command, ...args];
  const child = spawn(pinned[0]!, pinned.slice(1), { stdio: ["pipe", log, log] });
  if (child.pid === undefined) throw new Error(`cannot start ${command}`);
  children.add(child);
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  child.once("exit", () => children.delete(child));
  const stop = async () => {
    if (!children.has(child)) return;
    child.kill("SIGINT");
    const timer = setTimeout(() => child.kill("SIGKILL"), 5000);
    await ended;
    clearTimeout(timer);
  };
  return { name, pid: child.pid, port, startedAt, log: () => readFileSync(logFile, "utf8"), stop };
}

/** Ends everything that was started and removes its files. */
export function stopAll(): void {
  for (const child of children) child.kill("SIGKILL");
  if (directory !== "") rmSync(directory, { recursive: true, force: true });
  directory = "";
}

for (const signal of ["SIGINT", "SIGTERM"] as const) {
  process.once(signal, () => {
    stopAll();
    process.exit(1);
  });
}

const programs = new Map<string, boolean>();

export function hasProgram(name: string): boolean {
  let found = programs.get(name);
  if (found === undefined) {
    found = spawnSync("sh", ["-c", `command -v ${name}`]).status === 0;
    programs.set(name, found);
  }
  return found;
}

/** This process, with all its threads, works on the load's core from now on: what it does is not to fall on the subject. */
export function leaveSubjectCore(): void {
  if (hasProgram("taskset")) spawnSync("taskset", ["-a", "-c", "-p", String(loadCore), String(process.pid)]);
}

/**
 * Runs `work` while this process gets only the time that nothing else on its core wants (SCHED_IDLE of Linux): for what stands in for
 * another machine. Programs that are started meanwhile are treated alike. Where `chrt` is missing or refuses, this is told and `work` runs
 * like everything else.
 */
export async function inBackground<T>(work: () => Promise<T>): Promise<T> {
  const setPolicy = (policy: "--idle" | "--other"): void => {
    const { status, stderr } = spawnSync("chrt", ["--all-tasks", policy, "--pid", "0", String(process.pid)]);
    if (status !== 0) console.error(`chrt ${policy}: ${stderr?.toString().trim() || "cannot be run"}`);
  };
  setPolicy("--idle");
  try {
    return await work();
  } finally {
    setPolicy("--other");
  }
}

export async function freePort(): Promise<number> {
  const server = net.createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  const { port } = server.address() as net.AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** Asks until the wanted status comes; gives the time from the start of the process, in milliseconds. */
export async function whenAnswers(
  running: Running,
  host: string,
  target: string,
  limitMs = 60_000,
  status = 200,
): Promise<number> {
  let last = "no answer";
  while (performance.now() - running.startedAt < limitMs) {
    const got = await askStatus(running.port, host, target);
    if (got === status) return performance.now() - running.startedAt;
    last = got === 0 ? last : `status ${got}`;
    if (!isAlive(running.pid)) break;
    await delay(5);
  }
  throw new Error(`${running.name} does not serve http://${host}${target}: ${last}\n${running.log().slice(-2000)}`);
}

/** The status of one GET on a connection of its own; 0 when there is no answer. */
function askStatus(port: number, host: string, target: string): Promise<number> {
  return new Promise((resolve) => {
    const request = http.get({
      host: "127.0.0.1",
      port,
      path: target,
      headers: { Host: host },
      agent: false,
      timeout: 2000,
    });
    request.on("response", (response) => {
      response.resume();
      resolve(response.statusCode ?? 0);
    });
    request.on("timeout", () => request.destroy());
    request.on("error", () => resolve(0));
  });
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
