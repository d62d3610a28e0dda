// Errors that nobody catches, in threads with plugins: a rejected promise that a plugin does not wait for, or what one of its timers
// throws, is logged and costs nothing else. An exception that went through our own code still ends the thread, as its state is unknown,
// and so does a rejection that our own code made.

import type { Logger } from "../observability/log.ts";
import { PanicLog } from "../proxy/panic-log.ts";

/** Called once for each thread. */
export function surviveStrayErrors(log: Logger): void {
  const panics = new PanicLog(log);
  // dist/ or src/: this file lies in a folder of it, whether bundled or not.
  const ours = new URL("..", import.meta.url).href;
  process.on("uncaughtException", (error: unknown, origin: NodeJS.UncaughtExceptionOrigin) => {
    const stack = error instanceof Error ? (error.stack ?? "") : "";
    const frames = stack.split("\n").filter((line) => /^ {4}at (?!.*\(?node:)/.test(line));
    const isOurs = (origin === "unhandledRejection" ? frames.slice(0, 1) : frames).some((line) => line.includes(ours));
    if (isOurs) {
      log.error(`uncaught error: ${stack}`);
      throw error;
    }
    panics.report(`stray error of a plugin: ${stack === "" ? String(error) : stack}`);
  });
}
