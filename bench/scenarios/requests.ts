// The plans that several scenarios share, and the rows that show their costs.

import { bigBytes, smallText } from "../load/backend.ts";
import { getHead, type LoadPlan, postHead } from "../load/plan.ts";
import type { Cost } from "../load/run-load.ts";
import { benchHost, bigTarget, smallTarget } from "../subjects/names.ts";

type Plan = Omit<LoadPlan, "port" | "seconds">;

/** 64 keep-alive connections, each with its next request as soon as it has an answer. */
export const smallRequests: Plan = {
  connections: 64,
  ratePerSecond: 0,
  heads: [getHead(benchHost, smallTarget)],
  bodyBytes: 0,
  expectStatus: 200,
  expectBytes: smallText.length,
};

export const downloads: Plan = {
  ...smallRequests,
  connections: 8,
  heads: [getHead(benchHost, bigTarget)],
  expectBytes: bigBytes,
};

export const uploads: Plan = {
  ...smallRequests,
  connections: 8,
  heads: [postHead(benchHost, "/api/upload", bigBytes)],
  bodyBytes: bigBytes,
};

/** The rows of a cost table, with each cost as a ratio of the first subject's where that is another. */
export function costRows(costs: readonly Cost[]): Record<string, string | number>[] {
  const first = costs[0]!.cpuMicrosPerRequest;
  return costs.map((cost) => ({
    subject: cost.name,
    "CPU us/request": round(cost.cpuMicrosPerRequest),
    [`${costs[0]!.name} / this`]: round(first / cost.cpuMicrosPerRequest),
    "requests/s": Math.round(cost.requestsPerSecond),
    "MB/s": round(cost.megabytesPerSecond),
    "p99 ms": round(cost.p99Micros / 1000),
    "core used": `${Math.round(cost.coreShare * 100)} %`,
    rounds: cost.rounds.map(round).join(" "),
  }));
}

/** Says so when the load left a subject's core idle: its cost then holds fewer requests per wakeup than under full load. */
export function fullnessNotes(costs: readonly Cost[]): string[] {
  return costs
    .filter((cost) => cost.coreShare < 0.9)
    .map((cost) => `${cost.name} used ${Math.round(cost.coreShare * 100)} % of its core: the load did not fill it`);
}

export function round(value: number): number {
  return Math.round(value * 100) / 100;
}
