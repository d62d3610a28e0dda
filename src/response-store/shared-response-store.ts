// The response store as one thread uses it: keys to shards, the locks around what shards do, bodies in and out. Bytes are copied
// outside of the locks. Made for every worker from the memory that response-store-owner.ts allotted; no state of its own but the list
// of what it holds.

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
import { type FlightSlot, Flights } from "./flights.ts";
import { Holds, letGo } from "./holds.ts";
import { Shard } from "./shard.ts";
import { BLOCK_BYTES, BODY, BODY_BYTES, SHARDS, STAMP, type StoreMemory } from "./store-memory.ts";
import { WaitingLines } from "./waiting-lines.ts";

/** A body is read in pieces of so many bytes; a smaller one as a whole. */
const PIECE_BYTES = 32 * 1024;

export interface SharedResponseStoreOptions {
  /** Which of the announced workers this thread is, from 0 on. */
  readonly worker: number;
  /** Adds to the counter of this name. */
  count(name: string, by: number): void;
  /** Milliseconds since 1970. */
  now(): number;
}

export class SharedResponseStore implements ResponseStore {
  readonly #memory: StoreMemory;
  readonly #options: SharedResponseStoreOptions;
  /** Of this thread in locks and flights: never 0. */
  readonly #id: number;
  readonly #holds: Holds;
  /** Made at first use. */
  readonly #shards: Shard[] = [];
  readonly #flights: Flights[] = [];
  readonly #lines: WaitingLines[] = [];
  /** What could not be done because a lock did not come. */
  #owed: { readonly shard: number; readonly pay: () => void }[] = [];

  constructor(memory: StoreMemory, options: SharedResponseStoreOptions) {
    this.#memory = memory;
    this.#options = options;
    this.#id = options.worker + 1;
    this.#holds = new Holds(memory, options.worker);
  }

  get entryLimitBytes(): number {
    return this.#memory.entryLimitBytes;
  }

  count(name: string, by: number): void {
    this.#options.count(name, by);
  }

  find(key: StoreKey): StoredHead | null {
    return this.#locked(key, null, (shard) => {
      const entry = shard.find(key);
      if (entry === 0) return null;
      shard.touch(entry);
      return { head: shard.readHead(entry), bodyBytes: shard.get(entry, BODY_BYTES), stamp: shard.get(entry, STAMP) };
    });
  }

  has(key: StoreKey): boolean {
    return this.#locked(key, false, (shard) => shard.find(key) !== 0);
  }

  body(key: StoreKey, stamp: number): Uint8Array | BodyStream | null {
    return this.#locked(key, null, (shard, index) => {
      const entry = shard.find(key);
      if (entry === 0 || shard.get(entry, STAMP) !== stamp) return null;
      const bytes = shard.get(entry, BODY_BYTES);
      if (bytes > PIECE_BYTES) return this.#pinned(shard, index, entry, bytes);
      const whole = Buffer.allocUnsafe(bytes);
      if (bytes > 0) shard.copyBody(shard.get(entry, BODY), 0, whole);
      return whole;
    });
  }

  #pinned(shard: Shard, index: number, entry: number, bytes: number): PinnedBody | null {
    if (this.#holds.isFull) return null;
    const slot = this.#holds.add(index, entry, false);
    shard.pin(entry);
    return new PinnedBody(shard, shard.get(entry, BODY), bytes, () => this.#release(index, entry, slot, false));
  }

  write(key: StoreKey): EntryWriter {
    return new Writer(this, key);
  }

  replaceHead(key: StoreKey, stamp: number, head: string): boolean {
    const bytes = Buffer.from(head, "latin1");
    return this.#locked(key, false, (shard) => {
      const entry = shard.find(key);
      if (entry === 0 || shard.get(entry, STAMP) !== stamp) return false;
      if (head.length + shard.get(entry, BODY_BYTES) > this.entryLimitBytes) return false;
      shard.touch(entry);
      return shard.replaceHead(entry, bytes);
    });
  }

  remove(key: StoreKey): void {
    const index = shardOf(key);
    const remove = () => {
      this.#flightsOf(index).removed(key);
      const shard = this.#shard(index);
      const entry = shard.find(key);
      if (entry !== 0) shard.remove(entry);
    };
    this.#lockedOrOwed(index, remove);
  }

  removals(key: StoreKey): number {
    return this.#flightsOf(shardOf(key)).removals(key);
  }

  join(key: StoreKey, waitMs: number): LeadingFlight | FollowingFlight | null {
    const flights = this.#flightsOf(shardOf(key));
    const slot = this.#locked(key, null, () => flights.join(key, this.#id, this.#options.now(), waitMs));
    if (slot === null) return null;
    if (!slot.leads) return { leads: false, wait: () => flights.landed(slot, waitMs) };
    return { leads: true, land: (outcome) => this.#land(key, slot, outcome) };
  }

  #land(key: StoreKey, slot: FlightSlot, outcome: FlightOutcome): void {
    const index = shardOf(key);
    this.#lockedOrOwed(index, () => this.#flightsOf(index).land(slot, key, outcome, this.#options.now()));
  }

  standInLine(key: StoreKey): PlaceInLine | null {
    const index = shardOf(key);
    const lines = this.#linesOf(index);
    const place = this.#locked(key, null, () => lines.join(key, this.#id));
    if (place === null) return null;
    return {
      turn: () => lines.turn(place),
      leave: () => this.#lockedOrOwed(index, () => lines.leave(place, this.#id)),
    };
  }

  /** Makes an entry for a writer; null without room. */
  begin(key: StoreKey): { readonly shard: Shard; readonly entry: number; readonly slot: number } | null {
    return this.#locked(key, null, (shard, index) => {
      if (this.#holds.isFull) return null;
      const entry = shard.begin();
      return entry === 0 ? null : { shard, entry, slot: this.#holds.add(index, entry, true) };
    });
  }

  /** More blocks for a writer's body; 0 without room. */
  extend(key: StoreKey, entry: number, last: number, bytes: number): number {
    return this.#locked(key, 0, (shard) => shard.extend(entry, last, bytes));
  }

  commit(key: StoreKey, entry: number, slot: number, head: string, bodyBytes: number): boolean {
    const bytes = Buffer.from(head, "latin1");
    let done = false;
    const committed = this.#locked(key, false, (shard) => {
      const stored = shard.commit(entry, key, bytes, bodyBytes);
      this.#holds.clear(slot);
      done = true;
      return stored;
    });
    if (!done) this.#release(shardOf(key), entry, slot, true);
    return committed;
  }

  abort(key: StoreKey, entry: number, slot: number): void {
    this.#release(shardOf(key), entry, slot, true);
  }

  #release(index: number, entry: number, slot: number, isWriting: boolean): void {
    this.#lockedOrOwed(index, () => {
      letGo(this.#shard(index), entry, isWriting);
      this.#holds.clear(slot);
    });
  }

  #shard(index: number): Shard {
    return (this.#shards[index] ??= new Shard(this.#memory, index));
  }

  #flightsOf(index: number): Flights {
    return (this.#flights[index] ??= new Flights(this.#memory, index));
  }

  #linesOf(index: number): WaitingLines {
    return (this.#lines[index] ??= new WaitingLines(this.#memory, index));
  }

  /** Runs `use` with the lock of the key's shard; gives `otherwise` when the lock does not come. */
  #locked<T>(key: StoreKey, otherwise: T, use: (shard: Shard, index: number) => T): T {
    if (this.#owed.length > 0) this.#payDebts();
    const index = shardOf(key);
    const shard = this.#shard(index);
    if (!shard.lock(this.#id)) return otherwise;
    const result = use(shard, index);
    shard.unlock();
    this.#countEvictions(shard);
    return result;
  }

  #lockedOrOwed(index: number, pay: () => void): void {
    const shard = this.#shard(index);
    if (!shard.lock(this.#id)) {
      this.#owed.push({ shard: index, pay });
      return;
    }
    pay();
    shard.unlock();
  }

  #payDebts(): void {
    const owed = this.#owed;
    this.#owed = [];
    for (const { shard, pay } of owed) this.#lockedOrOwed(shard, pay);
  }

  #countEvictions(shard: Shard): void {
    if (shard.evicted === 0) return;
    this.#options.count("lru_eviction", shard.evicted);
    shard.evicted = 0;
  }
}

function shardOf(key: StoreKey): number {
  return key[0]! & (SHARDS - 1);
}

/** A stored body on its way out, in pieces that are copied when they are asked for, all into one buffer. */
class PinnedBody implements BodyStream, AsyncIterator<Uint8Array> {
  readonly lendsPieces = true;
  readonly #shard: Shard;
  #block: number;
  /** Bytes of `#block` that were read. */
  #read = 0;
  #left: number;
  #release: (() => void) | null;
  #buffer: Buffer | null = null;

  constructor(shard: Shard, block: number, bytes: number, release: () => void) {
    this.#shard = shard;
    this.#block = block;
    this.#left = bytes;
    this.#release = release;
  }

  [Symbol.asyncIterator](): AsyncIterator<Uint8Array> {
    return this;
  }

  async next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#release === null || this.#left === 0) return this.return();
    this.#buffer ??= Buffer.allocUnsafeSlow(PIECE_BYTES);
    const piece = this.#buffer.subarray(0, Math.min(PIECE_BYTES, this.#left));
    const last = this.#shard.copyBody(this.#block, this.#read, piece);
    this.#left -= piece.length;
    // The first piece begins with a block, and all but the last are whole blocks.
    this.#read = BLOCK_BYTES;
    this.#block = last;
    if (this.#left === 0) this.#letGo();
    return { done: false, value: piece };
  }

  async return(): Promise<IteratorResult<Uint8Array>> {
    this.#letGo();
    return { done: true, value: undefined };
  }

  #letGo(): void {
    const release = this.#release;
    this.#release = null;
    release?.();
  }
}

/** Takes room when it is needed, so that a writer which gets no bytes holds nothing. */
class Writer implements EntryWriter {
  isTooLarge = false;
  readonly #store: SharedResponseStore;
  readonly #key: StoreKey;
  #begun: { readonly shard: Shard; readonly entry: number; readonly slot: number } | null = null;
  #over = false;
  #bytes = 0;
  /** The last block of the body and the bytes that stand in it. */
  #last = 0;
  #filled = BLOCK_BYTES;

  constructor(store: SharedResponseStore, key: StoreKey) {
    this.#store = store;
    this.#key = key;
  }

  append(chunk: Uint8Array): boolean {
    if (this.#over) return false;
    if (chunk.length === 0) return true;
    if (this.#bytes + chunk.length > this.#store.entryLimitBytes) return this.#tooLarge();
    this.#begun ??= this.#store.begin(this.#key);
    if (this.#begun === null) return this.#giveUp();
    const { shard, entry } = this.#begun;
    const room = BLOCK_BYTES - this.#filled;
    let block = this.#last;
    if (chunk.length > room) {
      const more = this.#store.extend(this.#key, entry, this.#last, chunk.length - room);
      if (more === 0) return this.#giveUp();
      if (block === 0) {
        block = more;
        this.#filled = 0;
      }
    }
    const last = shard.fill(block, this.#filled, chunk);
    this.#bytes += chunk.length;
    this.#last = last;
    this.#filled = this.#bytes % BLOCK_BYTES || BLOCK_BYTES;
    return true;
  }

  commit(head: string): boolean {
    if (this.#over) return false;
    if (this.#bytes + head.length > this.#store.entryLimitBytes) return this.#tooLarge();
    this.#begun ??= this.#store.begin(this.#key);
    if (this.#begun === null) return this.#giveUp();
    this.#over = true;
    return this.#store.commit(this.#key, this.#begun.entry, this.#begun.slot, head, this.#bytes);
  }

  abort(): void {
    if (!this.#over) this.#giveUp();
  }

  #tooLarge(): false {
    this.isTooLarge = true;
    return this.#giveUp();
  }

  #giveUp(): false {
    this.#over = true;
    if (this.#begun !== null) this.#store.abort(this.#key, this.#begun.entry, this.#begun.slot);
    return false;
  }
}
