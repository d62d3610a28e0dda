// What one thread does for a profile: starts and stops the profilers of V8 through an inspector session of its own, and counts what
// keeps its event loop busy; writes its heap down. The main thread calls it, workers get the same orders as messages; loaded with the first order only.

import { type HeapProfiler, type Profiler, Session } from "node:inspector";
import { getHeapSnapshot } from "node:v8";

export type ProfilingOrder =
  /** Begin to sample; what was running is dropped. */
  | { readonly do: "start"; readonly profile: "cpu"; readonly intervalUs: number }
  /** `heap`: what is alive at the end of all that is allocated from now on; `allocs`: all of it. */
  | { readonly do: "start"; readonly profile: "heap" | "allocs"; readonly intervalBytes: number }
  /** Give what was sampled. */
  | { readonly do: "stop" }
  /** Nobody wants it any more. */
  | { readonly do: "cancel" }
  /** Count active handles and requests by kind. */
  | { readonly do: "resources" }
  /** Write down all objects; the thread stands still meanwhile. */
  | { readonly do: "snapshot" };

export type ProfilingAnswer =
  | { readonly type: "done" }
  | { readonly type: "cpu"; readonly profile: Profiler.Profile }
  | { readonly type: "heap"; readonly profile: HeapProfiler.SamplingHeapProfile }
  | { readonly type: "resources"; readonly counts: Readonly<Record<string, number>> }
  /** JSON in pieces, as Chrome DevTools loads it; each has its memory for itself. */
  | { readonly type: "snapshot"; readonly parts: readonly Uint8Array<ArrayBuffer>[] }
  | { readonly type: "failed"; readonly problem: string };

const DONE: ProfilingAnswer = { type: "done" };

export class ThreadProfiler {
  /** Null while nothing is sampled. */
  #session: Session | null = null;
  #profile: "cpu" | "heap" | "allocs" = "cpu";
  #last: Promise<unknown> = Promise.resolve();

  /** Orders are carried out one after the other, in the order in which they came; what goes wrong is an answer too. */
  obey(order: ProfilingOrder): Promise<ProfilingAnswer> {
    const answer = this.#last.then(() => this.#carryOut(order)).catch(failure);
    this.#last = answer;
    return answer;
  }

  async #carryOut(order: ProfilingOrder): Promise<ProfilingAnswer> {
    switch (order.do) {
      case "resources":
        return { type: "resources", counts: countByName(process.getActiveResourcesInfo()) };
      case "snapshot":
        // Node makes the whole text at once. It is made here: the snapshot of a worker that ends before the
        // main thread has read it (Worker.getHeapSnapshot) ends the process.
        return { type: "snapshot", parts: await getHeapSnapshot().toArray() };
      case "cancel":
        this.#close();
        return DONE;
      case "stop":
        return await this.#stop();
      case "start":
        this.#close();
        this.#session = new Session();
        this.#session.connect();
        this.#profile = order.profile;
        await start(this.#session, order);
        return DONE;
    }
  }

  async #stop(): Promise<ProfilingAnswer> {
    const session = this.#session;
    if (session === null) throw new Error("no profile was started");
    try {
      if (this.#profile === "cpu") {
        const { profile } = await posted<Profiler.StopReturnType>((done) => session.post("Profiler.stop", done));
        return { type: "cpu", profile };
      }
      const { profile } = await posted<HeapProfiler.StopSamplingReturnType>((done) =>
        session.post("HeapProfiler.stopSampling", done),
      );
      return { type: "heap", profile };
    } finally {
      this.#close();
    }
  }

  /** A session that is disconnected takes its profilers along. */
  #close(): void {
    this.#session?.disconnect();
    this.#session = null;
  }
}

async function start(session: Session, order: ProfilingOrder & { readonly do: "start" }): Promise<void> {
  if (order.profile === "cpu") {
    await posted((done) => session.post("Profiler.enable", done));
    await posted((done) => session.post("Profiler.setSamplingInterval", { interval: order.intervalUs }, done));
    await posted((done) => session.post("Profiler.start", done));
    return;
  }
  const withCollected = order.profile === "allocs";
  const parameters = {
    samplingInterval: order.intervalBytes,
    includeObjectsCollectedByMajorGC: withCollected,
    includeObjectsCollectedByMinorGC: withCollected,
  };
  await posted((done) => session.post("HeapProfiler.enable", done));
  await posted((done) => session.post("HeapProfiler.startSampling", parameters, done));
}

function posted<T>(post: (done: (problem: Error | null, value?: T) => void) => void): Promise<T> {
  return new Promise((resolve, reject) => {
    // The session says either what went wrong or what came of it.
    post((problem, value) => (problem === null ? resolve(value as T) : reject(problem)));
  });
}

function failure(cause: unknown): ProfilingAnswer {
  return { type: "failed", problem: cause instanceof Error ? cause.message : String(cause) };
}

function countByName(names: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const name of names) counts[name] = (counts[name] ?? 0) + 1;
  return counts;
}
