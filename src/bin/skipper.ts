// The skipper command: reads the command line, starts the proxy, waits for signals, sets the exit code.

import { optionChecks } from "../app/option-checks.ts";
import { type RunningSkipper, StartFailure, startSkipper } from "../app/skipper.ts";
import { readVersion } from "../app/version.ts";
import { logSettings } from "../app/worker-settings.ts";
import { loadConfig } from "../config/load.ts";
import type { Options } from "../config/options.ts";
import { EARLY_LOG, type OpenLog, openLog } from "../observability/log-output.ts";
import { endOnSignal } from "./end-on-signal.ts";

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

endOnSignal({
  running: () => running,
  healthCheckMs: config.options.waitForHealthcheckInterval,
  error: (message) => opened.log.error(message),
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
