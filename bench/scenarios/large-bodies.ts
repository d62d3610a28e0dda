// P6: bodies of 10 MB in both directions against nginx, and the memory that 200 slow readers of such bodies cost.

import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import process from "node:process";
import { setTimeout as delay } from "node:timers/promises";
import { getHead } from "../load/plan.ts";
import { type Cost, measureCosts, runLoad } from "../load/run-load.ts";
import type { Figure, Scenario } from "../scenario.ts";
import { startBodyBackend } from "../subjects/backends.ts";
import { benchHost, bigTarget, smallTarget } from "../subjects/names.ts";
import { startPeers } from "../subjects/peers.ts";
import { memoryBytes } from "../subjects/process-cost.ts";
import { hasProgram, loadCore, type Running, whenAnswers } from "../subjects/running.ts";
import { loadFlags, routesFile, startSkipper } from "../subjects/skipper.ts";
import { plainRoute } from "./plain-proxy.ts";
import { costRows, downloads, fullnessNotes, round, smallRequests, uploads } from "./requests.ts";

const slowReaders = 200;
const slowSeconds = 15;

/** Memory with slow readers over that of the idle process, in MB: the highest of a sample every half second. */
async function slowReaderMemory(running: Running): Promise<number> {
  await runLoad({ ...smallRequests, port: running.port, seconds: 1 });
  await delay(2000);
  const idle = memoryBytes(running.pid, "VmRSS");
  const program = path.join(import.meta.dirname, "../load/slow-readers.ts");
  const node = [
    process.execPath,
    program,
    String(running.port),
    String(slowReaders),
    String(slowSeconds),
    getHead(benchHost, bigTarget),
  ];
  const command = hasProgram("taskset") ? ["taskset", "-c", String(loadCore), ...node] : node;
  const child = spawn(command[0]!, command.slice(1), { stdio: ["ignore", "ignore", "inherit"] });
  const ended = once(child, "exit") as Promise<[number | null]>;
  let highest = 0;
  const timer = setInterval(() => {
    highest = Math.max(highest, memoryBytes(running.pid, "VmRSS"));
  }, 500);
  const [code] = await ended;
  clearInterval(timer);
  if (code !== 0) throw new Error(`${running.name}: connections of slow readers broke`);
  return (highest - idle) / 1e6;
}

function ratioToNginx(key: string, costs: readonly Cost[]): Figure[] {
  const nginx = costs.find((cost) => cost.name === "nginx");
  return nginx === undefined ? [] : [{ key, value: nginx.cpuMicrosPerRequest / costs[0]!.cpuMicrosPerRequest }];
}

export const largeBodies: Scenario = {
  name: "P6",
  title: "10 MB bodies down and up against nginx; memory with 200 slow readers",
  async run(options) {
    const backend = await startBodyBackend();
    const text = plainRoute(backend.port) + plainRoute(backend.port, undefined, "/big").replace("bench:", "big:");
    const file = routesFile("bodies.eskip", text);
    const subjects: Running[] = [];
    for (const launcher of options.launchers) {
      const running = await startSkipper({
        launcher: launcher.path,
        name: launcher.name,
        routesFiles: [file],
        flags: [...loadFlags, "-workers=2"],
      });
      await whenAnswers(running, benchHost, smallTarget);
      subjects.push(running);
    }
    subjects.push(...(await startPeers(["nginx"], backend.port)));
    const slow: Record<string, number> = {};
    for (const running of subjects) slow[running.name] = round(await slowReaderMemory(running));
    const down = await measureCosts(
      subjects.map((running) => ({ running, plan: downloads })),
      options,
    );
    const up = await measureCosts(
      subjects.map((running) => ({ running, plan: uploads })),
      options,
    );
    for (const running of [...subjects, backend]) await running.stop();
    return {
      figures: [
        ...ratioToNginx("download-vs-nginx", down),
        ...ratioToNginx("upload-vs-nginx", up),
        { key: "slow-readers", value: slow[subjects[0]!.name]! },
      ],
      table: [
        ...costRows(down).map((row) => ({ work: "download", ...row })),
        ...costRows(up).map((row) => ({ work: "upload", ...row })),
        ...Object.entries(slow).map(([subject, megabytes]) => ({
          work: `${slowReaders} slow readers`,
          subject,
          "MB over idle": megabytes,
        })),
      ],
      notes: fullnessNotes([...down, ...up]),
    };
  },
};
