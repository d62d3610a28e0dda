// Runs load plans in the generator's own process on its own core, alone or in rounds that alternate between the subjects, so that
// whatever else happens on the machine falls on all of them alike.

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { createInterface } from "node:readline";
import { cpuTimeMs } from "../subjects/process-cost.ts";
import { hasProgram, loadCore, type Running } from "../subjects/running.ts";
import type { LoadPlan, LoadResult } from "./plan.ts";

/** A process that generates load, for one plan at a time. Between its plans its code stays compiled. */
export interface LoadProcess {
  run(plan: LoadPlan): Promise<LoadResult>;
  stop(): Promise<void>;
}

export function startLoad(): LoadProcess {
  const node = [process.execPath, path.join(import.meta.dirname, "generator.ts")];
  const command = hasProgram("taskset") ? ["taskset", "-c", String(loadCore), ...node] : node;
  const child = spawn(command[0]!, command.slice(1), { stdio: ["pipe", "pipe", "inherit"] });
  // How it ended is told by the end of its output.
  child.stdin.on("error", () => {});
  const ended = once(child, "close") as Promise<[number | null]>;
  const results = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  return {
    async run(plan) {
      child.stdin.write(`${JSON.stringify(plan)}\n`);
      const { done, value } = await results.next();
      if (done === true) throw new Error(`the load generator ended with ${(await ended)[0]}`);
      return JSON.parse(value) as LoadResult;
    },
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** Runs one plan in a process of its own. */
export async function runLoad(plan: LoadPlan): Promise<LoadResult> {
  const load = startLoad();
  try {
    return await load.run(plan);
  } finally {
    await load.stop();
  }
}

/** What one subject cost over several rounds: medians. */
export interface Cost {
  readonly name: string;
  readonly cpuMicrosPerRequest: number;
  readonly requestsPerSecond: number;
  readonly megabytesPerSecond: number;
  readonly p99Micros: number;
  /** Share of its core that the subject used, 0 to 1: well below 1 means that the load was not enough to fill it. */
  readonly coreShare: number;
  /** Cost of each round, in their order. */
  readonly rounds: readonly number[];
}

export interface RoundOptions {
  readonly rounds: number;
  readonly seconds: number;
}

/** Loads the subjects in turn, `rounds` times after one round that only warms up. Any wrong answer is an error. */
export async function measureCosts(
  subjects: readonly { running: Running; plan: Omit<LoadPlan, "port" | "seconds"> }[],
  { rounds, seconds }: RoundOptions,
): Promise<Cost[]> {
  const samples = subjects.map(() => [] as Sample[]);
  for (let round = 0; round <= rounds; round++) {
    for (const [i, { running, plan }] of subjects.entries()) {
      const sample = await loadOnce(running, { ...plan, port: running.port, seconds });
      if (round > 0) samples[i]!.push(sample);
    }
  }
  return subjects.map(({ running }, i) => summarize(running.name, samples[i]!));
}

interface Sample {
  readonly cpuMs: number;
  readonly result: LoadResult;
}

async function loadOnce(running: Running, plan: LoadPlan): Promise<Sample> {
  const before = cpuTimeMs(running.pid);
  const result = await runLoad(plan);
  const cpuMs = cpuTimeMs(running.pid) - before;
  const errors = Object.entries(result.errors);
  if (errors.length > 0 || result.requests === 0) {
    const what = errors.map(([error, count]) => `${count} x ${error}`).join(", ") || "no answer at all";
    throw new Error(`${running.name}: ${what}\n${running.log().slice(-2000)}`);
  }
  return { cpuMs, result };
}

function summarize(name: string, samples: readonly Sample[]): Cost {
  const of = (value: (sample: Sample) => number) => median(samples.map(value));
  const costOf = ({ cpuMs, result }: Sample) => (cpuMs * 1000) / result.requests;
  return {
    name,
    cpuMicrosPerRequest: of(costOf),
    requestsPerSecond: of(({ result }) => result.requests / result.seconds),
    megabytesPerSecond: of(({ result }) => result.bytesReceived / result.seconds / 1e6),
    p99Micros: of(({ result }) => result.latencyMicros.p99),
    coreShare: of(({ cpuMs, result }) => cpuMs / (result.seconds * 1000)),
    rounds: samples.map((sample) => Math.round(costOf(sample) * 100) / 100),
  };
}

export function median(values: readonly number[]): number {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = Math.floor(sorted.length / 2);
  if (sorted.length === 0) return Number.NaN;
  return sorted.length % 2 === 1 ? sorted[middle]! : (sorted[middle - 1]! + sorted[middle]!) / 2;
}
