// The plain twin of the response store: a Map for each shard, in the order of use, which counts blocks as the shared one does. Tests
// compare both, and tests of filters use it. One thread, no locks.

import type { BodyStream } from "../spec/context.ts";
import type {
  EntryWriter,
  FlightOutcome,
  FollowingFlight,
  LeadingFlight,
  PlaceInLine,
  ResponseStore,
  StoredHead,
  StoreKey,
} from "../spec/response-store.ts";
import { BLOCK_BYTES, blocksFor, SHARDS } from "./store-memory.ts";

interface Entry {
  head: string;
  readonly body: Buffer;
  readonly stamp: number;
  pins: number;
}

interface PlainShard {
  /** By key, the oldest first. */
  readonly entries: Map<string, Entry>;
  /** Blocks in use, also of what is being written and of removed entries that are still read. */
  blocks: number;
}

export class ReferenceResponseStore implements ResponseStore {
  readonly entryLimitBytes: number;
  /** What `count` added, by name. */
  readonly counts: Record<string, number> = {};
  readonly #blocks: number;
  readonly #shards: PlainShard[] = [];
  readonly #removals = new Map<string, number>();
  readonly #flights = new Map<string, { readonly promise: Promise<FlightOutcome> }>();
  readonly #lines = new Map<string, { readonly left: Promise<void> }[]>();
  #stamps = 0;

  constructor(budgetBytes: number) {
    this.entryLimitBytes = Math.floor(budgetBytes / SHARDS);
    this.#blocks = blocksFor(this.entryLimitBytes) + 2;
    for (let i = 0; i < SHARDS; i++) this.#shards.push({ entries: new Map(), blocks: 0 });
  }

  count(name: string, by: number): void {
    this.counts[name] = (this.counts[name] ?? 0) + by;
  }

  #shard(key: StoreKey): PlainShard {
    return this.#shards[key[0]! & (SHARDS - 1)]!;
  }

  find(key: StoreKey): StoredHead | null {
    const { entries } = this.#shard(key);
    const entry = entries.get(key.join());
    if (entry === undefined) return null;
    entries.delete(key.join());
    entries.set(key.join(), entry);
    return { head: entry.head, bodyBytes: entry.body.length, stamp: entry.stamp };
  }

  has(key: StoreKey): boolean {
    return this.#shard(key).entries.has(key.join());
  }

  body(key: StoreKey, stamp: number): Uint8Array | BodyStream | null {
    const shard = this.#shard(key);
    const entry = shard.entries.get(key.join());
    if (entry === undefined || entry.stamp !== stamp) return null;
    if (entry.body.length <= 32 * BLOCK_BYTES) return Buffer.from(entry.body);
    entry.pins++;
    const release = () => {
      entry.pins--;
      if (entry.pins === 0 && shard.entries.get(key.join()) !== entry) shard.blocks -= blocksOf(entry);
    };
    return pieces(entry.body, release);
  }

  write(key: StoreKey): EntryWriter {
    const shard = this.#shard(key);
    const chunks: Buffer[] = [];
    let bytes = 0;
    let taken = 0;
    let over = false;
    const take = (blocks: number): boolean => {
      if (!this.#makeRoom(shard, blocks)) return false;
      shard.blocks += blocks;
      taken += blocks;
      return true;
    };
    const giveUp = (): false => {
      over = true;
      shard.blocks -= taken;
      return false;
    };
    const writer = {
      isTooLarge: false,
      append: (chunk: Uint8Array): boolean => {
        if (over) return false;
        if (chunk.length === 0) return true;
        writer.isTooLarge = bytes + chunk.length > this.entryLimitBytes;
        if (writer.isTooLarge || (taken === 0 && !take(1))) return giveUp();
        if (!take(blocksFor(bytes + chunk.length) - blocksFor(bytes))) return giveUp();
        chunks.push(Buffer.from(chunk));
        bytes += chunk.length;
        return true;
      },
      commit: (head: string): boolean => {
        if (over) return false;
        writer.isTooLarge = bytes + head.length > this.entryLimitBytes;
        if (writer.isTooLarge || (taken === 0 && !take(1)) || !take(headBlocks(head) - 1)) return giveUp();
        over = true;
        this.#drop(shard, key.join());
        shard.entries.set(key.join(), { head, body: Buffer.concat(chunks), stamp: ++this.#stamps, pins: 0 });
        return true;
      },
      abort: (): void => {
        if (!over) giveUp();
      },
    };
    return writer;
  }

  replaceHead(key: StoreKey, stamp: number, head: string): boolean {
    const shard = this.#shard(key);
    const entry = shard.entries.get(key.join());
    if (entry === undefined || entry.stamp !== stamp) return false;
    if (head.length + entry.body.length > this.entryLimitBytes) return false;
    this.find(key);
    const more = headBlocks(head) - headBlocks(entry.head);
    entry.pins++;
    const fits = this.#makeRoom(shard, more);
    entry.pins--;
    if (!fits) return false;
    shard.blocks += more;
    entry.head = head;
    return true;
  }

  remove(key: StoreKey): void {
    this.#removals.set(key.join(), this.removals(key) + 1);
    this.#drop(this.#shard(key), key.join());
  }

  removals(key: StoreKey): number {
    return this.#removals.get(key.join()) ?? 0;
  }

  join(key: StoreKey): LeadingFlight | FollowingFlight | null {
    const present = this.#flights.get(key.join());
    if (present !== undefined) return { leads: false, wait: () => present.promise };
    const { promise, resolve } = Promise.withResolvers<FlightOutcome>();
    this.#flights.set(key.join(), { promise });
    return {
      leads: true,
      land: (outcome) => {
        this.#flights.delete(key.join());
        resolve(outcome);
      },
    };
  }

  standInLine(key: StoreKey): PlaceInLine | null {
    const line = this.#lines.get(key.join()) ?? [];
    if (line.length > 256) return null;
    this.#lines.set(key.join(), line);
    const before = line.map(({ left }) => left);
    const { promise, resolve } = Promise.withResolvers<void>();
    const place = { left: promise };
    line.push(place);
    return {
      turn: async () => void (await Promise.all(before)),
      leave: () => {
        line.splice(line.indexOf(place), 1);
        resolve();
      },
    };
  }

  /** Bytes of heads and bodies that are stored. */
  get storedBytes(): number {
    let sum = 0;
    for (const { entries } of this.#shards)
      for (const { head, body } of entries.values()) sum += head.length + body.length;
    return sum;
  }

  #makeRoom(shard: PlainShard, blocks: number): boolean {
    while (shard.blocks + blocks > this.#blocks) {
      const oldest = [...shard.entries].find(([, entry]) => entry.pins === 0);
      if (oldest === undefined) return false;
      this.#drop(shard, oldest[0]);
      this.count("lru_eviction", 1);
    }
    return true;
  }

  #drop(shard: PlainShard, key: string): void {
    const entry = shard.entries.get(key);
    if (entry === undefined) return;
    shard.entries.delete(key);
    if (entry.pins === 0) shard.blocks -= blocksOf(entry);
  }
}

function headBlocks(head: string): number {
  return Math.max(1, blocksFor(head.length));
}

function blocksOf(entry: Entry): number {
  return headBlocks(entry.head) + blocksFor(entry.body.length);
}

/** As the shared store lets go: with the last piece, or when it is told to. */
function pieces(body: Buffer, release: () => void): AsyncIterableIterator<Uint8Array> {
  const size = 32 * BLOCK_BYTES;
  let at = 0;
  let held = true;
  const letGo = () => {
    if (held) release();
    held = false;
  };
  return {
    [Symbol.asyncIterator]() {
      return this;
    },
    async next() {
      if (!held) return { done: true, value: undefined };
      const piece = Buffer.from(body.subarray(at, at + size));
      at += size;
      if (at >= body.length) letGo();
      return { done: false, value: piece };
    },
    async return() {
      letGo();
      return { done: true, value: undefined };
    },
  };
}
