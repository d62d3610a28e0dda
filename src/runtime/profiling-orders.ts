// In a worker: carries out the orders of those who take profiles. The profiler is loaded with the first one.

import type { ProfilingOrder } from "../observability/profiling/thread-profiler.ts";
import type { FromWorker } from "./messages.ts";

/** `say` posts a message; the memory that it is given besides goes to the receiver. */
export function profilingOrders(
  say: (message: FromWorker, given: ArrayBuffer[]) => void,
): (serial: number, order: ProfilingOrder) => void {
  let loaded: ReturnType<typeof load> | null = null;
  return (serial, order) => {
    loaded ??= load();
    void loaded
      .then((profiler) => profiler.obey(order))
      .then((answer) => {
        // A heap snapshot may be as large as the heap: it is given away and not copied.
        const given = answer.type === "snapshot" ? answer.parts.map((part) => part.buffer) : [];
        say({ type: "profiled", serial, answer }, given);
      });
  };
}

async function load() {
  const { ThreadProfiler } = await import("../observability/profiling/thread-profiler.ts");
  return new ThreadProfiler();
}
