// The second level of the response cache, as filters see it: servers outside of the process that keep what several proxies have stored.
// It is never certain: a server that is slow, gone, full or talks nonsense gives what none at all would, after a short time at most.

import type { StoreKey } from "./response-store.ts";

export interface SharedEntry {
  /** The byte string that was stored with the body. */
  readonly head: string;
  readonly body: Uint8Array;
  /** Milliseconds since it was written, by the clock of the server alone. */
  readonly sinceMs: number;
  /** Milliseconds until it goes. */
  readonly leftMs: number;
}

/** `skipped`: the server has failed lately and was not asked. */
export type NoEntry = "miss" | "error" | "skipped";

/** What is written when its turn has come. */
export interface SharedContent {
  readonly head: string;
  readonly body: Uint8Array;
  /** For how long it is of use, more than 0. */
  readonly lifetimeMs: number;
}

export interface SharedWrite {
  readonly key: StoreKey;
  /** Of head and body, about: so much of the room for what is on its way it takes. */
  readonly bytes: number;
  /** Called shortly before it is sent; null: it is of no use any more. Never rejects. */
  load(): Promise<SharedContent | null>;
  /** Asked when it has been written; false: it has become invalid meanwhile, and is removed. */
  isCurrent(): boolean;
}

export interface SecondLevel {
  /** Largest size of an entry, head and body. */
  readonly entryLimitBytes: number;
  /**
   * The entry under the key, or under the one that `leadsTo` gives for it. Resolves within the timeout, whatever the servers do; never
   * rejects. What cannot be read counts as an error and is removed.
   */
  find(key: StoreKey, leadsTo: (entry: SharedEntry) => StoreKey | null): Promise<SharedEntry | NoEntry>;
  /** Writes by and by; nobody waits. Dropped, and counted, when too much is on its way or the server fails. */
  store(write: SharedWrite): void;
  /**
   * Removes what is under the key. Resolves when that is done, within the timeout; never rejects. What a server could not be told it is
   * told when it is back.
   */
  remove(key: StoreKey): Promise<void>;
}
