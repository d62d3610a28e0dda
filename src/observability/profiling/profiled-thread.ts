// A thread of the process as those see it who take profiles; the supervisor has one for each worker, here is that of the main thread.

import { type ProfilingAnswer, type ProfilingOrder, ThreadProfiler } from "./thread-profiler.ts";

export interface ProfiledThread {
  /** `main` or `worker-N`. */
  readonly name: string;
  /** Never rejects: a thread that ends, or gives no answer for too long, has failed. */
  order(order: ProfilingOrder): Promise<ProfilingAnswer>;
  /** Resolves when the thread ends. */
  readonly ended: Promise<void>;
}

export function mainThread(): ProfiledThread {
  const profiler = new ThreadProfiler();
  return {
    name: "main",
    order: (order) => profiler.obey(order),
    ended: new Promise(() => {}),
  };
}
