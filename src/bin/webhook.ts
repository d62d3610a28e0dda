// The webhook command: reads the command line, starts the admission webhook, waits for signals, sets the exit code.

import { startWebhook } from "../app/webhook.ts";
import { parseWebhookFlags } from "../app/webhook-flags.ts";
import { EARLY_LOG, openLog } from "../observability/log-output.ts";

const config = parseWebhookFlags(process.argv.slice(2), process.env);
if (config.type === "exit") {
  process.stderr.write(config.text);
  process.exit(config.code);
}
const { log } = openLog({ ...EARLY_LOG, level: config.type === "run" && config.settings.debug ? "debug" : "info" });
if (config.type === "fatal") {
  log.fatal(config.message);
  process.exit(1);
}

let end = (): void => process.exit(0);
for (const signal of ["SIGTERM", "SIGINT"]) process.once(signal, () => end());

try {
  const running = await startWebhook(config.settings, log);
  end = () => void running.stop().then(() => process.exit(0));
} catch (error) {
  log.fatal(`Failed to start webhook: ${error instanceof Error ? error.message : String(error)}`);
  process.exit(1);
}
