// P9: a process with default flags (but for its addresses) and nothing to do: how soon it answers, and what it holds.

import { setTimeout as delay } from "node:timers/promises";
import { median } from "../load/run-load.ts";
import type { Scenario } from "../scenario.ts";
import { memoryBytes } from "../subjects/process-cost.ts";
import { whenAnswers } from "../subjects/running.ts";
import { startSkipper } from "../subjects/skipper.ts";
import { round } from "./requests.ts";

const settleMs = 3000;

export const idle: Scenario = {
  name: "P9",
  title: "an idle process with default flags: memory, and time until it answers",
  async run(options) {
    const table: Record<string, string | number>[] = [];
    const medians: { ready: number; memory: number }[] = [];
    for (const launcher of options.launchers) {
      const ready: number[] = [];
      const memory: number[] = [];
      for (let i = 0; i < options.rounds; i++) {
        const running = await startSkipper({ launcher: launcher.path, name: launcher.name, routesFiles: [] });
        // Without routes every request has the answer 404, which is an answer.
        ready.push((await whenAnswers(running, "bench.example.org", "/", 30_000, 404)) / 1000);
        await delay(settleMs);
        memory.push(memoryBytes(running.pid, "VmRSS") / 1e6);
        await running.stop();
      }
      medians.push({ ready: median(ready), memory: median(memory) });
      table.push({
        subject: launcher.name,
        "ready s": ready.map(round).join(" "),
        "memory MB": memory.map(round).join(" "),
      });
    }
    const ours = medians[0]!;
    return {
      figures: [
        { key: "ready", value: ours.ready },
        { key: "memory", value: ours.memory },
      ],
      table,
      notes: [],
    };
  },
};
