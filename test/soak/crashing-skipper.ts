// The skipper command with one addition for soaks and tests: SIGUSR2 ends a worker as a crash would.

import process from "node:process";
import { optionChecks } from "../../src/app/option-checks.ts";
import { startSkipper } from "../../src/app/skipper.ts";
import { loadConfig } from "../../src/config/load.ts";

const config = await loadConfig("skipper", process.argv.slice(2), optionChecks);
if (config.type !== "run") throw new Error(`bad flags: ${JSON.stringify(config)}`);
const running = await startSkipper(config.options);
process.on("SIGUSR2", () => running.crashWorker());
for (const signal of ["SIGINT", "SIGTERM"]) {
  process.on(signal, () => void running.shutdown(0).then(() => process.exit(0)));
}
