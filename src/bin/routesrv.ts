// The routesrv command: reads the command line, starts the Route Server, waits for signals, sets the exit code.

import { optionChecks } from "../app/option-checks.ts";
import { type RunningRouteServer, startRouteServer } from "../app/routesrv.ts";
import { logSettings } from "../app/worker-settings.ts";
import { loadConfig } from "../config/load.ts";
import { EARLY_LOG, openLog } from "../observability/log-output.ts";
import { endOnSignal } from "./end-on-signal.ts";

const config = await loadConfig("routesrv", process.argv.slice(2), optionChecks);
if (config.type === "exit") {
  process.stderr.write(config.text);
  process.exit(config.code);
}
if (config.type === "fatal") {
  openLog(EARLY_LOG).log.fatal(config.message);
  process.exit(1);
}
// Always on standard error and without prefix (spec flags 6).
const { log } = openLog({ ...logSettings(config.options), path: "", prefix: "" });
for (const warning of config.warnings) log.warn(warning);

let running: RunningRouteServer | null = null;

endOnSignal({
  running: () => running,
  healthCheckMs: config.options.waitForHealthcheckInterval,
  error: (message) => log.error(message),
});

try {
  running = await startRouteServer(config.options, log, process.env);
} catch (error) {
  log.fatal(error instanceof Error ? error.message : String(error));
  process.exit(1);
}
