// One shard of the response store (layout: store-memory.ts). Everything but `lock` and `copyBody` is called by the thread that holds
// the lock, and leaves the shard whole: lists linked, counts true. A thread that dies in the middle leaves the lock taken, which is
// how response-store-owner.ts knows that the shard has to be rebuilt.

import type { StoreKey } from "../spec/response-store.ts";
import {
  BLOCK_BYTES,
  BODY,
  BODY_BYTES,
  BYTES,
  blocksFor,
  CHAIN,
  CONTROL_CELLS,
  ENTRY_CELLS,
  FREE_BLOCK,
  FREE_COUNT,
  HEAD_BYTES,
  KEY,
  KEY_CELLS,
  LOCK,
  NEWER,
  NEWEST,
  OLDER,
  OLDEST,
  PINS,
  STAMP,
  STATE,
  State,
  type StoreMemory,
  USED,
} from "./store-memory.ts";

/** The lock is held for microseconds: this often it is looked at again before the thread sleeps. */
const SPINS = 200;
/** So often it sleeps for a millisecond: the holder was interrupted, or has died. */
const SLEEPS = 10;
/** A shard whose lock did not come is tried without sleeping for so long: its holder has died, and the main thread will see it. */
const AVOID_MS = 200;

export class Shard {
  /** Entries that were evicted by this thread; the caller counts and clears it. */
  evicted = 0;
  readonly #blocks: number;
  readonly #control: Int32Array;
  readonly #buckets: Int32Array;
  readonly #entries: Int32Array;
  readonly #next: Int32Array;
  readonly #bytes: Uint8Array;
  readonly #stamps: Int32Array;
  #avoidUntilMs = 0;

  constructor(memory: StoreMemory, index: number) {
    const { blocksPerShard: blocks, bucketsPerShard: buckets } = memory;
    const part = (cells: Int32Array, length: number) => cells.subarray(index * length, (index + 1) * length);
    this.#blocks = blocks;
    this.#control = part(memory.control, CONTROL_CELLS);
    this.#buckets = part(memory.buckets, buckets);
    this.#entries = part(memory.entries, (blocks + 1) * ENTRY_CELLS);
    this.#next = part(memory.next, blocks + 1);
    this.#bytes = memory.bytes.subarray(index * blocks * BLOCK_BYTES, (index + 1) * blocks * BLOCK_BYTES);
    this.#stamps = memory.stamps;
  }

  /** Takes the lock for the thread with this id; false when it does not come. */
  lock(owner: number): boolean {
    for (let i = 0; i < SPINS; i++) if (this.#take(owner)) return true;
    if (performance.now() < this.#avoidUntilMs) return false;
    for (let i = 0; i < SLEEPS; i++) {
      const holder = Atomics.load(this.#control, LOCK);
      if (holder !== 0) Atomics.wait(this.#control, LOCK, holder, 1);
      if (this.#take(owner)) return true;
    }
    this.#avoidUntilMs = performance.now() + AVOID_MS;
    return false;
  }

  #take(owner: number): boolean {
    return Atomics.load(this.#control, LOCK) === 0 && Atomics.compareExchange(this.#control, LOCK, 0, owner) === 0;
  }

  unlock(): void {
    Atomics.store(this.#control, LOCK, 0);
  }

  /** Id of the thread that holds the lock, 0 for none. */
  get holder(): number {
    return Atomics.load(this.#control, LOCK);
  }

  /** The stored entry with the key, 0 for none. */
  find(key: StoreKey): number {
    let entry = this.#buckets[this.#bucketOf(key)]!;
    while (entry !== 0 && !this.#hasKey(entry, key)) entry = this.get(entry, CHAIN);
    return entry;
  }

  /** A cell of an entry's record. */
  get(entry: number, cell: number): number {
    return this.#entries[entry * ENTRY_CELLS + cell]!;
  }

  #set(entry: number, cell: number, value: number): void {
    this.#entries[entry * ENTRY_CELLS + cell] = value;
  }

  /** Makes a stored entry the last to be evicted. */
  touch(entry: number): void {
    if (this.#control[NEWEST] === entry) return;
    this.#leaveOrder(entry);
    this.#enterOrder(entry);
  }

  /** Makes a new entry that is written to; 0 when there is no room. */
  begin(): number {
    const entry = this.#takeBlocks(1);
    if (entry === 0) return 0;
    for (let cell = 0; cell < ENTRY_CELLS; cell++) this.#set(entry, cell, 0);
    this.#set(entry, STATE, State.writing);
    return entry;
  }

  /** Adds blocks for so many bytes behind `last`, the last block of the body (0: it has none). The first of them, 0 without room. */
  extend(entry: number, last: number, bytes: number): number {
    const first = this.#takeBlocks(blocksFor(bytes));
    if (first === 0) return 0;
    if (last === 0) this.#set(entry, BODY, first);
    else this.#next[last] = first;
    return first;
  }

  /**
   * Copies bytes into the blocks of a writer's chain, beginning `filled` bytes into `block`; gives the last block that has some.
   * The writer alone knows these blocks: no lock is needed.
   */
  fill(block: number, filled: number, from: Uint8Array): number {
    let at = block;
    let start = filled;
    for (let done = 0; ; ) {
      const count = Math.min(BLOCK_BYTES - start, from.length - done);
      this.#bytes.set(from.subarray(done, done + count), (at - 1) * BLOCK_BYTES + start);
      done += count;
      if (done === from.length) return at;
      at = this.#next[at]!;
      start = 0;
    }
  }

  /** The block behind this one. */
  after(block: number): number {
    return this.#next[block]!;
  }

  /** Makes a written entry the one under its key; false, and all is freed, without room. */
  commit(entry: number, key: StoreKey, head: Uint8Array, bodyBytes: number): boolean {
    if (!this.#writeHead(entry, head, 1)) {
      this.free(entry);
      return false;
    }
    const before = this.find(key);
    if (before !== 0) this.remove(before);
    this.#entries.set(key, entry * ENTRY_CELLS + KEY);
    this.#set(entry, BODY_BYTES, bodyBytes);
    this.#set(entry, STAMP, (Atomics.add(this.#stamps, 0, 1) + 1) | 0);
    this.#link(entry, key);
    return true;
  }

  #link(entry: number, key: StoreKey): void {
    const bucket = this.#bucketOf(key);
    this.#set(entry, CHAIN, this.#buckets[bucket]!);
    this.#buckets[bucket] = entry;
    this.#enterOrder(entry);
    this.#set(entry, STATE, State.stored);
    this.#control[BYTES]! += this.#sizeOf(entry);
  }

  /** Puts another head in place of the one of a stored entry; false, and nothing has changed, without room. */
  replaceHead(entry: number, head: Uint8Array): boolean {
    const before = this.get(entry, HEAD_BYTES);
    // Room is made by eviction, and not by that of this entry.
    this.pin(entry);
    const written = this.#writeHead(entry, head, Math.max(1, blocksFor(before)));
    this.unpin(entry);
    if (written) this.#control[BYTES]! += head.length - before;
    return written;
  }

  /** Writes the head into the `has` blocks of its chain and as many more as it needs. */
  #writeHead(entry: number, head: Uint8Array, has: number): boolean {
    const needs = Math.max(1, blocksFor(head.length));
    let last = entry;
    for (let i = 1; i < Math.min(needs, has); i++) last = this.#next[last]!;
    if (needs > has) {
      const more = this.#takeBlocks(needs - has);
      if (more === 0) return false;
      this.#next[last] = more;
    } else {
      this.#freeChain(this.#next[last]!);
      this.#next[last] = 0;
    }
    this.fill(entry, 0, head);
    this.#set(entry, HEAD_BYTES, head.length);
    return true;
  }

  readHead(entry: number): string {
    const head = Buffer.allocUnsafe(this.get(entry, HEAD_BYTES));
    this.copyBody(entry, 0, head);
    return head.toString("latin1");
  }

  /** Copies what stands from `filled` bytes into `block` on; gives the last block that was read. For a body that is pinned. */
  copyBody(block: number, filled: number, into: Uint8Array): number {
    let at = block;
    let start = filled;
    for (let done = 0; ; ) {
      const count = Math.min(BLOCK_BYTES - start, into.length - done);
      const from = (at - 1) * BLOCK_BYTES + start;
      into.set(this.#bytes.subarray(from, from + count), done);
      done += count;
      if (done === into.length) return at;
      at = this.#next[at]!;
      start = 0;
    }
  }

  pin(entry: number): void {
    this.#set(entry, PINS, this.get(entry, PINS) + 1);
  }

  unpin(entry: number): void {
    const pins = this.get(entry, PINS) - 1;
    this.#set(entry, PINS, pins);
    if (pins === 0 && this.get(entry, STATE) === State.removed) this.free(entry);
  }

  /** Takes a stored entry out; its blocks are free when nobody reads them any more. */
  remove(entry: number): void {
    this.#leaveBucket(entry);
    this.#leaveOrder(entry);
    this.#control[BYTES]! -= this.#sizeOf(entry);
    if (this.get(entry, PINS) > 0) this.#set(entry, STATE, State.removed);
    else this.free(entry);
  }

  /** Frees the blocks of an entry that nobody knows any more. */
  free(entry: number): void {
    this.#set(entry, STATE, State.free);
    this.#freeChain(this.get(entry, BODY));
    this.#freeChain(entry);
  }

  /**
   * After a thread died with the lock: makes the shard empty but for what living threads read or write. Nothing else is trusted; the
   * chains of these are whole, since nobody changes them but a writer its own.
   */
  rebuild(holds: readonly { readonly entry: number; readonly isWriting: boolean }[]): void {
    const used = this.#control[USED]!;
    const taken = new Uint8Array(used + 1);
    const mark = (first: number) => {
      for (let block = first; block !== 0 && taken[block] === 0; block = this.#next[block]!) taken[block] = 1;
    };
    for (let entry = 1; entry <= used; entry++) this.#set(entry, PINS, 0);
    for (const { entry, isWriting } of holds) {
      this.#set(entry, STATE, isWriting ? State.writing : State.removed);
      if (!isWriting) this.pin(entry);
      // The head of what is only read is not read again.
      this.#next[entry] = 0;
      mark(entry);
      mark(this.get(entry, BODY));
    }
    this.#buckets.fill(0);
    for (const cell of [FREE_BLOCK, FREE_COUNT, NEWEST, OLDEST, BYTES]) this.#control[cell] = 0;
    for (let block = used; block > 0; block--) {
      if (taken[block] === 1) continue;
      this.#set(block, STATE, State.free);
      this.#next[block] = this.#control[FREE_BLOCK]!;
      this.#control[FREE_BLOCK] = block;
      this.#control[FREE_COUNT]!++;
    }
  }

  /** A chain of `count` blocks, 0 when they cannot be had. */
  #takeBlocks(count: number): number {
    const control = this.#control;
    while (control[FREE_COUNT]! + this.#blocks - control[USED]! < count) if (!this.#evict()) return 0;
    let first = 0;
    let last = 0;
    for (let i = 0; i < count; i++) {
      let block = control[FREE_BLOCK]!;
      if (block === 0) block = ++control[USED]!;
      else {
        control[FREE_BLOCK] = this.#next[block]!;
        control[FREE_COUNT]!--;
      }
      this.#next[block] = 0;
      if (last === 0) first = block;
      else this.#next[last] = block;
      last = block;
    }
    return first;
  }

  #freeChain(first: number): void {
    for (let block = first; block !== 0; ) {
      const next = this.#next[block]!;
      this.#next[block] = this.#control[FREE_BLOCK]!;
      this.#control[FREE_BLOCK] = block;
      this.#control[FREE_COUNT]!++;
      block = next;
    }
  }

  /** Evicts the entry that was not used for the longest time and that nobody reads; false when there is none. */
  #evict(): boolean {
    let entry = this.#control[OLDEST]!;
    while (entry !== 0 && this.get(entry, PINS) > 0) entry = this.get(entry, NEWER);
    if (entry === 0) return false;
    this.remove(entry);
    this.evicted++;
    return true;
  }

  #sizeOf(entry: number): number {
    return this.get(entry, HEAD_BYTES) + this.get(entry, BODY_BYTES);
  }

  #bucketOf(key: StoreKey): number {
    return key[1]! & (this.#buckets.length - 1);
  }

  #hasKey(entry: number, key: StoreKey): boolean {
    const at = entry * ENTRY_CELLS + KEY;
    for (let i = 0; i < KEY_CELLS; i++) if (this.#entries[at + i] !== key[i]) return false;
    return true;
  }

  #leaveBucket(entry: number): void {
    const bucket = this.#entries[entry * ENTRY_CELLS + KEY + 1]! & (this.#buckets.length - 1);
    const behind = this.get(entry, CHAIN);
    if (this.#buckets[bucket] === entry) {
      this.#buckets[bucket] = behind;
      return;
    }
    let before = this.#buckets[bucket]!;
    while (this.get(before, CHAIN) !== entry) before = this.get(before, CHAIN);
    this.#set(before, CHAIN, behind);
  }

  #enterOrder(entry: number): void {
    const newest = this.#control[NEWEST]!;
    this.#set(entry, OLDER, newest);
    this.#set(entry, NEWER, 0);
    if (newest === 0) this.#control[OLDEST] = entry;
    else this.#set(newest, NEWER, entry);
    this.#control[NEWEST] = entry;
  }

  #leaveOrder(entry: number): void {
    const newer = this.get(entry, NEWER);
    const older = this.get(entry, OLDER);
    if (newer === 0) this.#control[NEWEST] = older;
    else this.#set(newer, OLDER, older);
    if (older === 0) this.#control[OLDEST] = newer;
    else this.#set(older, NEWER, newer);
  }
}
