// How a route queue is called: in shared memory, and in metrics (spec resilience 2).

import type { QueueKind } from "../../spec/route-queue.ts";

/** Its key in shared memory. A route and a group of the same name have different queues. */
export function queueKey(kind: QueueKind, name: string): string {
  return `${kind}\0${name}`;
}

/** `lifo.<route id or group>.<what>`. */
export function metricKey(kind: QueueKind, name: string, what: string): string {
  return `${kind === "fifo" ? "fifo" : "lifo"}.${name === "" ? "unknown" : name}.${what}`;
}
