// Errors that nobody catches, in threads with plugins: a rejected promise that a plugin does not wait for, or what one of its timers
// throws, is logged and costs nothing else. An error that went through our own code still ends the thread, as its state is unknown.

import type { Logger } from "../observability/log.ts";
import { PanicLog } from "../proxy/panic-log.ts";

/** Called once for each thread. */
export function surviveStrayErrors(log: Logger): void {
  const panics = new PanicLog(log);
  // dist/ or src/: this file lies in a folder of it, whether bundled or not.
  const ours = new URL("..", import.meta.url).href;
  process.on("uncaughtException", (error: unknown) => {
    const stack = error instanceof Error ? (error.stack ?? "") : "";
    if (stack.includes(ours)) {
      log.error(`uncaught error: ${stack}`);
      throw error;
    }
    panics.report(`stray error of a plugin: ${stack === "" ? String(error) : stack}`);
  });
}
