// Trace events of the process, of all its threads: garbage collections, compilation and turns of event loops, in the format of
// Chrome's tracing tools. Node collects them for the whole process, asked for by the main thread.

import { type InspectorNotification, type NodeTracing, Session } from "node:inspector";
import { setTimeout as sleep } from "node:timers/promises";
import type { Window } from "./take-profiles.ts";

/** Without those of single promises and ticks, of which a busy proxy makes millions. */
const CATEGORIES = ["v8", "node.bootstrap", "node.environment", "node.perf", "node.dns.native", "node.threadpoolwork"];

/** Calls `onEvents` as they come, until the time is over; rejects when it was aborted. */
export async function traceEvents(
  { seconds, signal }: Window,
  onEvents: (events: readonly object[]) => void,
): Promise<void> {
  const session = new Session();
  session.connect();
  try {
    const complete = new Promise<void>((resolve) => session.once("NodeTracing.tracingComplete", () => resolve()));
    session.on(
      "NodeTracing.dataCollected",
      ({ params }: InspectorNotification<NodeTracing.DataCollectedEventDataType>) => onEvents(params.value),
    );
    await new Promise<void>((resolve, reject) => {
      const traceConfig = { includedCategories: CATEGORIES };
      session.post("NodeTracing.start", { traceConfig }, (problem) => (problem === null ? resolve() : reject(problem)));
    });
    await sleep(seconds * 1000, undefined, { signal });
    session.post("NodeTracing.stop");
    await complete;
  } finally {
    // Also ends what is being collected.
    session.disconnect();
  }
}
