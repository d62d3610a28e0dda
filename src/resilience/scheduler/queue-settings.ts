// What the filters of route queues mean (spec resilience 2): which queue they name, and its settings after all defaults. Used by the
// filters, which open queues, and by the main thread, which makes them from the routing table.

import type { QueueKind } from "../../spec/route-queue.ts";

export interface QueueSettings {
  /** Requests that may be inside at a time; at least 1. */
  readonly concurrency: number;
  /** Requests that may wait; infinite for a stack without limit. */
  readonly waiting: number;
  /** How long one waits at most; at least 1. */
  readonly timeoutMs: number;
}

/** The queue that a filter of a route names. */
export interface QueueUse {
  readonly kind: QueueKind;
  /** Id of the route, or name of the group. */
  readonly name: string;
  /** Null: the filter only names the group. */
  readonly settings: QueueSettings | null;
}

export const LIFO_DEFAULTS: QueueSettings = { concurrency: 100, waiting: 100, timeoutMs: 10_000 };

/** The settings of a lifo filter from its arguments; values that make no sense are replaced. */
export function lifoSettings(concurrency?: number, waiting?: number, timeoutMs?: number): QueueSettings {
  return {
    concurrency: concurrency === undefined || concurrency < 1 ? LIFO_DEFAULTS.concurrency : concurrency,
    waiting: waiting === 0 ? Number.POSITIVE_INFINITY : atLeast(waiting, 1, LIFO_DEFAULTS.waiting),
    timeoutMs: atLeast(timeoutMs, 1, LIFO_DEFAULTS.timeoutMs),
  };
}

function atLeast(value: number | undefined, min: number, otherwise: number): number {
  return value === undefined || value < min ? otherwise : value;
}

/** The names of the filters. */
export const queueFilterNames: ReadonlySet<string> = new Set([
  "fifo",
  "fifoWithBody",
  "lifo",
  "lifoWithBody",
  "lifoGroup",
  "lifoGroupWithBody",
]);

/** What a filter with one of these names and these checked arguments uses. */
export function queueUse(filter: string, values: readonly unknown[], routeId: string): QueueUse {
  if (filter.startsWith("fifo")) {
    const [concurrency, waiting, timeoutMs] = values as readonly [number, number, number];
    return { kind: "fifo", name: routeId, settings: { concurrency, waiting, timeoutMs } };
  }
  type LifoArgs = readonly [number | undefined, number | undefined, number | undefined];
  if (!filter.startsWith("lifoGroup")) {
    return { kind: "lifo", name: routeId, settings: lifoSettings(...(values as LifoArgs)) };
  }
  const [name, concurrency, waiting, timeoutMs] = values as readonly [string, ...LifoArgs];
  // A group knows no stack without limit.
  const settings = concurrency === undefined ? null : lifoSettings(concurrency, waiting || undefined, timeoutMs);
  return { kind: "lifoGroup", name, settings };
}
