// The times by which the data client works.

import type { WatchTiming } from "./resource-watch.ts";

/** Times that are no options of the command; in milliseconds but for `watchSeconds`. */
export interface ClientTiming extends WatchTiming {
  /** Changes that come within this time are translated together. */
  readonly batchMs: number;
  /** Two translations begin at least so long after each other: under churn each takes several changes. */
  readonly restMs: number;
  /** How long a changed object waits for a Service or endpoints that are not there. */
  readonly graceMs: number;
}

/** Of every client but those of tests. */
export const TIMING = {
  watchSeconds: 300,
  idleMs: 90_000,
  retryWatchMs: 300_000,
  relistMs: 3_600_000,
  batchMs: 10,
  restMs: 100,
  graceMs: 1000,
};
