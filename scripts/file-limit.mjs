// Ends a test file that does not end by itself, and says what keeps it: `node --test` bounds the time of a test, not of its file, so that
// one forgotten timer or socket would hold up the whole run for ever. Preloaded into every process of a run; the timer keeps none alive.

import process from "node:process";
import { isMainThread } from "node:worker_threads";

/** More than twice what the longest file takes on a slow machine. */
const seconds = Number(process.env.TEST_FILE_LIMIT_SECONDS ?? 480);

// The process that runs the files has no such context.
if (isMainThread && process.env.NODE_TEST_CONTEXT !== undefined) {
  setTimeout(() => {
    const held = process.getActiveResourcesInfo().join(", ");
    console.error(`${process.argv[1]} has not ended after ${seconds} s; it is held by: ${held}`);
    process.exit(1);
  }, seconds * 1000).unref();
}
