// The contract of a source of routes. A client pushes changes: it calls `host.apply` with a function that writes one transaction,
// and nothing of it is in force until the function returns. A client that fails says so; its routes stay as they are.

import type { Route } from "../eskip/route.ts";

/** The text that a route was parsed from: bytes in shared memory that the routing table may keep instead of a copy. */
export interface RouteText {
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** First byte of the route's expression (behind `id:`) and the byte after its last. */
  readonly start: number;
  readonly end: number;
}

/** One change of the routes of one source. */
export interface RouteTransaction {
  /** Everything that this source delivered before is replaced by what follows. Only as the first call. */
  reset(): void;
  /** Adds a route or replaces the one of the same id; the last of an id wins. `text` when the client has it at hand. */
  upsert(route: Route, text?: RouteText): void;
  /** An unknown id is no error. An id that is deleted and upserted in one transaction is there afterwards. */
  delete(id: string): void;
}

export interface DataClientHost {
  /**
   * Runs `write` and puts the result in force; when `write` throws nothing of it is. An empty transaction changes nothing.
   * `initial` is true for a full load, false for a difference (log lines and metrics tell them apart).
   */
  apply(initial: boolean, write: (transaction: RouteTransaction) => void): void;
  /** Reports a failed load (`initial`) or update; the routes of this source stay as they are. */
  failed(initial: boolean, reason: string): void;
}

export interface DataClient {
  /** Name in metrics and for -ensure-dataclients (spec route-sources 1). */
  readonly name: string;
  /** Begins to deliver; resolves when the first attempt is over (good or bad), rejects when the process must not start. */
  start(host: DataClientHost): Promise<void>;
  /** Ends all timers, watches and connections. */
  stop(): void;
}

/** Declares a source of routes in a plugin: gives it back as it is, with its type checked. */
export function defineDataClient(client: DataClient): DataClient {
  return client;
}
