// The store of responses that all workers share, as filters see it. What an entry means (freshness, variants, who may have it) is
// the filter's; the store knows keys, bytes and the order of use. Each call may give nothing (no entry, no room, a shard that a
// dying worker left locked): the caller goes on as if nothing were stored.

import type { BodyStream } from "./context.ts";

/** Eight cells of a SHA-256: spread evenly, and nobody can choose it. */
export type StoreKey = Int32Array;

export interface StoredHead {
  /** The byte string that was committed with the body, or took its place. */
  readonly head: string;
  readonly bodyBytes: number;
  /** Stands for this body; a newer entry under the same key has another. */
  readonly stamp: number;
}

/** An entry that is being written; nobody sees it before `commit`. One that is neither committed nor aborted holds room for ever. */
export interface EntryWriter {
  /** Copies the bytes. False: the entry cannot be stored and is given up already. */
  append(chunk: Uint8Array): boolean;
  /** Puts the entry in the place of what is there under its key; false when it cannot be stored. */
  commit(head: string): boolean;
  /** Gives the entry up; without effect after `commit`. */
  abort(): void;
  /** True when it was given up because it is larger than an entry may be. */
  readonly isTooLarge: boolean;
}

/**
 * How a flight ended: `stored`, look again; `abandoned`, another may lead (the leader or its client is gone); `failed`, everybody asks
 * for themselves; `unstorable`, the same, and for some seconds nobody waits under this key.
 */
export type FlightOutcome = "stored" | "abandoned" | "failed" | "unstorable";

/** The one request of a key that calls the backend for all. `land` must be called once. */
export interface LeadingFlight {
  readonly leads: true;
  land(outcome: FlightOutcome): void;
}

/** A request that can wait for the leading one. */
export interface FollowingFlight {
  readonly leads: false;
  /** Resolves when the leader has landed, or with `late` after the time that was given to `join`; never rejects. */
  wait(): Promise<FlightOutcome | "late">;
}

/** A place in a waiting line of the process. */
export interface PlaceInLine {
  /** Resolves when everybody before it has left, in whatever worker; never rejects. */
  turn(): Promise<void>;
  /** Lets the next one have its turn; must be called once, before the turn or after it. */
  leave(): void;
}

export interface ResponseStore {
  /** Largest size of an entry in bytes, head and body. */
  readonly entryLimitBytes: number;
  /** The head of the entry, which becomes the last to be evicted. */
  find(key: StoreKey): StoredHead | null;
  /** Whether there is an entry; its place in the order of use stays. */
  has(key: StoreKey): boolean;
  /**
   * The body of the entry that `find` gave, null when it is gone by now. A body of more than a few pieces comes as a stream that
   * holds the entry, whatever is evicted or replaced meanwhile, until it is read to its end or `return` is called.
   */
  body(key: StoreKey, stamp: number): Uint8Array | BodyStream | null;
  write(key: StoreKey): EntryWriter;
  /** Gives the entry another head and makes it the last to be evicted; false when it is gone by now or has no room. */
  replaceHead(key: StoreKey, stamp: number, head: string): boolean;
  remove(key: StoreKey): void;
  /** A number that changes with each `remove` of the key, now and then with that of another. */
  removals(key: StoreKey): number;
  /**
   * Takes part in the flight of a key: leads when there is none, or when the present one is older than `waitMs`. Null: nobody waits
   * for anybody, because answers under this key were unstorable lately or too many flights are in the air.
   */
  join(key: StoreKey, waitMs: number): LeadingFlight | FollowingFlight | null;
  /** The last place in the line with this key: one has its turn, 256 wait. Null when there is no more room. */
  standInLine(key: StoreKey): PlaceInLine | null;
  /** Adds to a counter without the prefix of a filter: `reval_dropped`, `reval_error` or `lru_oversized`. */
  count(name: string, by: number): void;
}
