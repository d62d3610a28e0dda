// The skipper command: reads the command line, starts the proxy, waits for signals, sets the exit code.

import { optionChecks } from "../app/option-checks.ts";
import { type RunningSkipper, StartFailure, startSkipper } from "../app/skipper.ts";
import { readVersion } from "../app/version.ts";
import { logSettings } from "../app/worker-settings.ts";
import { loadConfig } from "../config/load.ts";
import type { Options } from "../config/options.ts";
import { EARLY_LOG, type OpenLog, openLog } from "../observability/log-output.ts";

const config = await loadConfig("skipper", process.argv.slice(2), optionChecks);
if (config.type === "exit") {
  process.stderr.write(config.text);
  process.exit(config.code);
}
if (config.type === "fatal") {
  openLog(EARLY_LOG).log.fatal(config.message);
  process.exit(1);
}
if (config.options.version) {
  const { version, commit } = readVersion();
  const built = commit === "" ? "" : `commit: ${commit.slice(0, 8)}, `;
  process.stdout.write(`Skipper version ${version} (${built}runtime: node ${process.version})\n`);
  process.exit(0);
}

const opened = openApplicationLog(config.options);
for (const warning of config.warnings) opened.log.warn(warning);
let running: RunningSkipper | null = null;
let ending = false;

/** Begins the shutdown; false when it has begun before. A process that still starts has nothing to finish and ends at once. */
function end(waitMs: number): boolean {
  if (ending) return false;
  ending = true;
  if (running === null) process.exit(0);
  running.shutdown(waitMs).then(
    () => process.exit(0),
    (error: Error) => {
      opened.log.error(`shutdown: ${error.stack ?? error.message}`);
      process.exit(1);
    },
  );
  return true;
}

const { waitForHealthcheckInterval } = config.options;
process.on("SIGTERM", () => end(waitForHealthcheckInterval));
// A second SIGINT ends at once.
process.on("SIGINT", () => {
  if (!end(0)) process.exit(130);
});

try {
  running = await startSkipper(config.options, opened, process.env);
} catch (error) {
  startFailed(opened, error);
}

function openApplicationLog(options: Options): OpenLog {
  try {
    return openLog(logSettings(options));
  } catch (error) {
    startFailed(openLog(EARLY_LOG), error);
  }
}

function startFailed({ log }: OpenLog, error: unknown): never {
  const text = error instanceof Error ? error.message : String(error);
  log.fatal(error instanceof StartFailure ? text : `Failed to start skipper: ${text}`);
  process.exit(1);
}
