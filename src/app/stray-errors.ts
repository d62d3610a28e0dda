// Errors that nobody catches, in threads with plugins: a rejected promise that a plugin does not wait for, or what one of its timers
// throws, is logged and costs nothing else. An exception that went through our own code still ends the thread, as its state is unknown,
// and so does a rejection that our own code made.

import type { Logger } from "../observability/log.ts";
import { PanicLog } from "../proxy/panic-log.ts";

/**
 * From now on until the function that it gives is called. `exclusive`: the thread runs nothing but the proxy and plugins. Where a program
 * embeds the proxy, only errors with a plugin in their stack are ours to judge.
 */
export function surviveStrayErrors(log: Logger, exclusive: boolean): () => void {
  const panics = new PanicLog(log);
  // dist/ or src/: this file lies in a folder of it, whether bundled or not.
  const ours = new URL("..", import.meta.url).href;
  const judge = (error: unknown, origin: NodeJS.UncaughtExceptionOrigin): void => {
    const stack = error instanceof Error ? (error.stack ?? "") : "";
    const frames = stack.split("\n").filter((line) => /^ {4}at (?!.*\(?node:)/.test(line));
    const suspects = origin === "unhandledRejection" ? frames.slice(0, 1) : frames;
    const isOurs = suspects.some((line) => line.includes(ours));
    if (!isOurs && (exclusive || stack.includes("?plugin="))) {
      panics.report(`stray error of a plugin: ${stack === "" ? String(error) : stack}`);
      return;
    }
    if (process.listenerCount("uncaughtException") > 1) return; // Somebody else decides.
    log.error(`uncaught error: ${stack === "" ? String(error) : stack}`);
    throw error;
  };
  process.on("uncaughtException", judge);
  return () => process.off("uncaughtException", judge);
}
