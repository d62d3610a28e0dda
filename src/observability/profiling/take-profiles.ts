// Samples several threads at the same time, each with its own profiler, for a number of seconds.

import { setTimeout as sleep } from "node:timers/promises";
import type { ProfiledThread } from "./profiled-thread.ts";
import type { ProfilingAnswer, ProfilingOrder } from "./thread-profiler.ts";

export interface ThreadAnswer {
  readonly thread: string;
  readonly answer: ProfilingAnswer;
}

export interface Window {
  readonly seconds: number;
  /** Ends it at once, without a result. */
  readonly signal: AbortSignal;
}

/**
 * What each of the threads has sampled when the time is over, or when none of them is left; one that ended has failed. Rejects
 * when it was aborted: then nothing is sampled any more.
 */
export async function takeProfiles(
  threads: readonly ProfiledThread[],
  start: ProfilingOrder & { readonly do: "start" },
  { seconds, signal }: Window,
): Promise<readonly ThreadAnswer[]> {
  const started = threads.map((thread) => thread.order(start));
  const waiting = new AbortController();
  try {
    const allEnded = Promise.all(threads.map((thread) => thread.ended));
    await Promise.race([
      sleep(seconds * 1000, undefined, { signal: AbortSignal.any([signal, waiting.signal]) }),
      allEnded,
    ]);
    return await Promise.all(threads.map((thread, i) => stop(thread, started[i]!)));
  } catch (cause) {
    for (const thread of threads) void thread.order({ do: "cancel" });
    throw cause;
  } finally {
    waiting.abort();
  }
}

async function stop(thread: ProfiledThread, started: Promise<ProfilingAnswer>): Promise<ThreadAnswer> {
  const begun = await started;
  const answer = begun.type === "failed" ? begun : await thread.order({ do: "stop" });
  return { thread: thread.name, answer };
}
