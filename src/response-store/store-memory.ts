// The shared memory of the response store: made by the main thread (response-store-owner.ts), used by every thread through shard.ts.
// Lengths never change, and pages that were never used cost nothing.
//
//   256 shards by key, each a small store of its own with its own lock:
//
//   control   | lock | free | free count | used | newest | oldest | bytes | unused |
//   buckets   key ─> entry ─> entry ─> 0          chained through CHAIN
//   entries   a record for every block; that of an entry's first block is in use:
//             | state | chain | newer | older | pins | head bytes | body bytes | body | stamp | key, 8 cells | unused |
//   next      block ─> block ─> 0                 the blocks of a head, of a body, or of the free list
//   bytes     block 1 | block 2 | ...             BLOCK_BYTES each; number 0 means none
//
//   entry = its first block:   head ─> next ─> 0       body ─> next ─> next ─> 0
//   newest <─> ... <─> oldest  the order of use; only STORED entries are in it and in the buckets
//
//   flights   for each shard FLIGHTS slots:       | key, 2 cells | owner | started, ms | sequence and outcome | unused |
//   marks     for each shard MARKS slots:         | key | no flights until, s | removals | unused |
//   lines     for each shard LINES lines:         | key, 2 cells | turn | end | LINE_RING places: owner |
//   pending, breakers: of the second level, see second-level/shared-state.ts
//   holds     for each worker HOLDS slots:        | shard + 1, 0 for none | entry, twice, plus 1 when it is written to |
//
// States of an entry: FREE ─> WRITING (its writer alone knows it) ─> STORED ─> REMOVED (while somebody still reads it) ─> FREE.
// A stored body never changes, so that readers who have pinned it need no lock. Heads may, and are read under the lock.

import { type SharedBytes, type SharedInt32, sharedBytes, sharedInt32 } from "../util/shared-arena.ts";
import { BREAKER_CELLS, MAX_SERVERS } from "./second-level/shared-state.ts";

export const SHARDS = 256;
/** An entry takes two of them at least: few enough bytes are lost, and few enough blocks make up a large body. */
export const BLOCK_BYTES = 1024;

export const CONTROL_CELLS = 8;
/** Id of the thread that holds the lock, 0 for none. */
export const LOCK = 0;
/** First block of the free list, and how many it has. */
export const FREE_BLOCK = 1;
export const FREE_COUNT = 2;
/** Blocks that were ever handed out: those behind it are free, too, and were never touched. */
export const USED = 3;
export const NEWEST = 4;
export const OLDEST = 5;
/** Bytes of heads and bodies of the stored entries. */
export const BYTES = 6;

export const ENTRY_CELLS = 18;
export const STATE = 0;
export const CHAIN = 1;
export const NEWER = 2;
export const OLDER = 3;
export const PINS = 4;
export const HEAD_BYTES = 5;
export const BODY_BYTES = 6;
export const BODY = 7;
export const STAMP = 8;
export const KEY = 9;
export const KEY_CELLS = 8;

export const State = { free: 0, writing: 1, stored: 2, removed: 3 } as const;

export const FLIGHTS = 32;
export const FLIGHT_CELLS = 6;
export const FLIGHT_KEY = 0;
export const FLIGHT_OWNER = 2;
export const FLIGHT_STARTED = 3;
export const FLIGHT_SEQUENCE = 4;

export const MARKS = 64;
export const MARK_CELLS = 4;
export const MARK_KEY = 0;
export const MARK_UNTIL = 1;
export const MARK_REMOVALS = 2;

/** Filters that refresh at the same time, in each shard. */
export const LINES = 16;
/** A power of two, so that the places stay in step when the numbers of a line run over. */
export const LINE_RING = 512;
export const LINE_KEY = 0;
/** The number whose turn it is, and the one that the next gets; equal in an empty line. */
export const LINE_TURN = 2;
export const LINE_END = 3;
export const LINE_PLACES = 4;
export const LINE_CELLS = LINE_PLACES + LINE_RING;

/** Bodies that one worker can read or write at a time. */
export const HOLDS = 16_384;
export const HOLD_CELLS = 2;

/** Can be posted to workers. */
export interface StoreMemory {
  readonly entryLimitBytes: number;
  readonly blocksPerShard: number;
  readonly bucketsPerShard: number;
  readonly control: SharedInt32;
  readonly buckets: SharedInt32;
  readonly entries: SharedInt32;
  readonly next: SharedInt32;
  readonly bytes: SharedBytes;
  readonly flights: SharedInt32;
  readonly marks: SharedInt32;
  readonly lines: SharedInt32;
  readonly holds: SharedInt32;
  readonly pending: SharedInt32;
  readonly breakers: SharedInt32;
  /** One cell: the last stamp. */
  readonly stamps: SharedInt32;
}

/** Blocks that so many bytes take. */
export function blocksFor(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES);
}

/** Memory for `workers` workers and `budgetBytes` of entries. */
export function storeMemory(workers: number, budgetBytes: number): StoreMemory {
  const entryLimitBytes = Math.floor(budgetBytes / SHARDS);
  // Room for the largest entry, whose head and body both end within a block.
  const blocksPerShard = blocksFor(entryLimitBytes) + 2;
  const bucketsPerShard = 2 ** Math.ceil(Math.log2(blocksPerShard / 2 + 1));
  const records = SHARDS * (blocksPerShard + 1);
  return {
    entryLimitBytes,
    blocksPerShard,
    bucketsPerShard,
    control: sharedInt32(SHARDS * CONTROL_CELLS),
    buckets: sharedInt32(SHARDS * bucketsPerShard),
    entries: sharedInt32(records * ENTRY_CELLS),
    next: sharedInt32(records),
    bytes: sharedBytes(SHARDS * blocksPerShard * BLOCK_BYTES),
    flights: sharedInt32(SHARDS * FLIGHTS * FLIGHT_CELLS),
    marks: sharedInt32(SHARDS * MARKS * MARK_CELLS),
    lines: sharedInt32(SHARDS * LINES * LINE_CELLS),
    holds: sharedInt32(workers * HOLDS * HOLD_CELLS),
    pending: sharedInt32(workers),
    breakers: sharedInt32(MAX_SERVERS * BREAKER_CELLS),
    stamps: sharedInt32(1),
  };
}
