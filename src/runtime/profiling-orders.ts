// In a worker: carries out the orders of those who take profiles. The profiler is loaded with the first one.

import type { ProfilingOrder } from "../observability/profiling/thread-profiler.ts";
import type { FromWorker } from "./messages.ts";

export function profilingOrders(say: (message: FromWorker) => void): (serial: number, order: ProfilingOrder) => void {
  let loaded: ReturnType<typeof load> | null = null;
  return (serial, order) => {
    loaded ??= load();
    void loaded.then((profiler) => profiler.obey(order)).then((answer) => say({ type: "profiled", serial, answer }));
  };
}

async function load() {
  const { ThreadProfiler } = await import("../observability/profiling/thread-profiler.ts");
  return new ThreadProfiler();
}
