// `npm run bench -- P1 [P2 ...]`: measures the proxy beside its peers, prints ratios and holds them against budgets.json.
// Ends with 1 when a first bar is missed. Run it alone on the machine: the subjects share a core, the load has the other.

import { execFileSync } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import os from "node:os";
import path from "node:path";
import process from "node:process";
import { parseArgs } from "node:util";
import type { Outcome, Scenario, ScenarioOptions } from "./scenario.ts";
import { filterChain } from "./scenarios/filter-chain.ts";
import { filterMemory } from "./scenarios/filter-memory.ts";
import { idle } from "./scenarios/idle.ts";
import { ingressTable } from "./scenarios/ingress-table.ts";
import { kubernetes } from "./scenarios/kubernetes.ts";
import { largeBodies } from "./scenarios/large-bodies.ts";
import { largeTable } from "./scenarios/large-table.ts";
import { plainProxy } from "./scenarios/plain-proxy.ts";
import { routeChange } from "./scenarios/route-change.ts";
import { routeServer } from "./scenarios/route-server.ts";
import { leaveSubjectCore, stopAll } from "./subjects/running.ts";

const scenarios: readonly Scenario[] = [
  plainProxy,
  ingressTable,
  largeTable,
  routeChange,
  largeBodies,
  filterChain,
  kubernetes,
  routeServer,
  idle,
  filterMemory,
];
const root = path.join(import.meta.dirname, "..");

interface Budget {
  readonly what: string;
  readonly unit: string;
  readonly first: number;
  readonly goal: number;
  readonly better?: "higher";
}

const usage = `npm run bench -- [options] SCENARIO...

${scenarios.map((one) => `  ${one.name}  ${one.title}`).join("\n")}
  all

  --rounds N       rounds of each measurement, after one that warms up (default 5)
  --seconds N      length of one load run (default 5)
  --against PATH   a second launcher to measure beside bin/skipper, e.g. of another checkout
  --skipper PATH   another launcher in place of bin/skipper
  --scale X        share of the full sizes (default 1); bars are not judged below 1
  --record NAME    keep the figures as bench/results/NAME.json
`;

async function main(): Promise<number> {
  const { values, positionals } = parseArgs({
    allowPositionals: true,
    options: {
      rounds: { type: "string", default: "5" },
      seconds: { type: "string", default: "5" },
      scale: { type: "string", default: "1" },
      skipper: { type: "string", default: path.join(root, "bin/skipper") },
      against: { type: "string" },
      record: { type: "string" },
    },
  });
  const wanted = positionals.includes("all") ? scenarios : scenarios.filter((one) => positionals.includes(one.name));
  if (wanted.length === 0) {
    console.error(usage);
    return 2;
  }
  leaveSubjectCore();
  const options: ScenarioOptions = {
    launchers: [
      { name: "skipper", path: values.skipper },
      ...(values.against === undefined ? [] : [{ name: "against", path: values.against }]),
    ],
    rounds: Number(values.rounds),
    seconds: Number(values.seconds),
    scale: Number(values.scale),
  };
  const record: Record<string, Outcome> = {};
  let missed = 0;
  for (const scenario of wanted) {
    console.log(`\n${scenario.name}: ${scenario.title}`);
    const outcome = await scenario.run(options);
    record[scenario.name] = outcome;
    missed += print(scenario.name, outcome, options.scale === 1);
  }
  if (values.record !== undefined) writeRecord(values.record, record);
  return missed > 0 ? 1 : 0;
}

/** Prints an outcome; gives the number of first bars that it misses. */
function print(name: string, outcome: Outcome, isJudged: boolean): number {
  console.table(outcome.table);
  for (const note of outcome.notes) console.log(`  note: ${note}`);
  const budgets =
    (JSON.parse(readFileSync(path.join(root, "bench/budgets.json"), "utf8")) as Record<string, Record<string, Budget>>)[
      name
    ] ?? {};
  let missed = 0;
  for (const [key, budget] of Object.entries(budgets)) {
    const figure = outcome.figures.find((one) => one.key === key);
    const isWithin = (bar: number) =>
      figure !== undefined && (budget.better === "higher" ? figure.value >= bar : figure.value <= bar);
    const verdict =
      figure === undefined
        ? "not measured"
        : isWithin(budget.goal)
          ? "goal"
          : isWithin(budget.first)
            ? "pass"
            : "MISSED";
    if (verdict === "MISSED" && isJudged) missed++;
    const value = figure === undefined ? "-" : `${Math.round(figure.value * 1000) / 1000} ${budget.unit}`;
    console.log(
      `  ${isJudged ? verdict : "not judged"}: ${budget.what}: ${value} (first bar ${budget.first}, goal ${budget.goal})`,
    );
  }
  return missed;
}

function writeRecord(name: string, outcomes: Readonly<Record<string, Outcome>>): void {
  const file = path.join(root, "bench/results", `${name}.json`);
  mkdirSync(path.dirname(file), { recursive: true });
  const commit = execFileSync("git", ["rev-parse", "--short", "HEAD"], { cwd: root, encoding: "utf8" }).trim();
  const machine = {
    cpu: os.cpus()[0]?.model ?? "",
    cpus: os.cpus().length,
    kernel: os.release(),
    node: process.version,
  };
  writeFileSync(file, `${JSON.stringify({ date: new Date().toISOString(), commit, machine, outcomes }, null, 2)}\n`);
  // In the shape that the format check of the repository wants.
  execFileSync(path.join(root, "node_modules/.bin/biome"), ["format", "--write", file], { stdio: "ignore" });
  console.log(`\nrecorded in ${path.relative(root, file)}`);
}

try {
  process.exitCode = await main();
} catch (error) {
  console.error(error instanceof Error ? error.message : error);
  process.exitCode = 1;
} finally {
  stopAll();
}
