// The profiles of -enable-profile on the support listener; the code is loaded only with that flag.

import { commandLine } from "../config/command-line.ts";
import type { Options } from "../config/options.ts";
import type { ProfiledThread } from "../observability/profiling/profiled-thread.ts";
import type { ProfilingHandler } from "../support/profiling.ts";

/** Of -memory-profile-rate 0, and the smallest that is taken: a sample of every object would keep the thread from its work. */
const HEAP_INTERVAL_BYTES = 512 << 10;
const LEAST_HEAP_INTERVAL_BYTES = 1024;

/** The handler and its path; null without the flag. */
export async function openProfiling(
  options: Options,
  workers: () => readonly ProfiledThread[],
): Promise<{ readonly path: string; readonly handle: ProfilingHandler } | null> {
  if (!options.enableProfile) return null;
  const [{ createProfilingHandler, PROFILING_PATH }, { mainThread }] = await Promise.all([
    import("../support/profiling.ts"),
    import("../observability/profiling/profiled-thread.ts"),
  ]);
  const main = mainThread();
  const handle = createProfilingHandler({
    threads: () => [main, ...workers()],
    commandLine: commandLine(),
    heapIntervalBytes: heapInterval(options.memoryProfileRate),
  });
  return { path: PROFILING_PATH, handle };
}

function heapInterval(rate: number): number | null {
  if (rate < 0) return null;
  return rate === 0 ? HEAP_INTERVAL_BYTES : Math.max(rate, LEAST_HEAP_INTERVAL_BYTES);
}
