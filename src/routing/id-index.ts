// Which records belong to an id, over all sources: open addressing over numbers instead of a Map of 800,000 strings. Ids are told
// apart by their bytes and a variant (a clone may have the id of another route). Records of one id are chained, one per source.
// Main thread only.

import type { TableGeneration } from "./table-generation.ts";

const FREE = 0;
const DELETED = -1;

export class IdIndex {
  /** First record of an id, FREE or DELETED. */
  #slots = new Int32Array(64);
  /** Slots that are not FREE. */
  #taken = 0;
  #size = 0;
  #hash = new Int32Array(64);
  #variant = new Uint8Array(64);
  /** Next record of the same id, 0 at the end. */
  #next = new Int32Array(64);
  readonly #seed: number;
  readonly #bytes: (segment: number) => Uint8Array;

  /** `bytes` gives the bytes of a text segment. */
  constructor(seed: number, bytes: (segment: number) => Uint8Array) {
    this.#seed = seed;
    this.#bytes = bytes;
  }

  hash(id: Uint8Array, length: number, variant: number): number {
    let h = this.#seed ^ variant;
    for (let i = 0; i < length; i++) h = Math.imul(h ^ id[i]!, 0x01000193);
    h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
    return h ^ (h >>> 13);
  }

  /** Notes hash and variant of a record, before it is searched or added. */
  describe(record: number, hash: number, variant: number): void {
    if (record >= this.#hash.length) this.#widen(record);
    this.#hash[record] = hash;
    this.#variant[record] = variant;
    this.#next[record] = 0;
  }

  variantOf(record: number): number {
    return this.#variant[record]!;
  }

  hashOf(record: number): number {
    return this.#hash[record]!;
  }

  /** The next record of the same id, 0 at the end. */
  next(record: number): number {
    return this.#next[record]!;
  }

  /** First record of the id in the bytes, 0 when there is none. */
  find(table: TableGeneration, hash: number, variant: number, id: Uint8Array, start: number, end: number): number {
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      const record = this.#slots[slot]!;
      if (record === FREE) return 0;
      if (record === DELETED || this.#hash[record] !== hash || this.#variant[record] !== variant) continue;
      if (this.#sameId(table, record, id, start, end)) return record;
    }
  }

  #sameId(table: TableGeneration, record: number, id: Uint8Array, start: number, end: number): boolean {
    let at = table.recordIdStart[record]!;
    if (table.recordIdEnd[record]! - at !== end - start) return false;
    const bytes = this.#bytes(table.recordIdSegment[record]!);
    for (let i = start; i < end; i++, at++) if (bytes[at] !== id[i]) return false;
    return true;
  }

  /** Adds a record: behind `first` when its id is known, else (0) as a new id. */
  add(record: number, first: number): void {
    if (first !== 0) {
      this.#next[record] = this.#next[first]!;
      this.#next[first] = record;
      return;
    }
    if ((this.#taken + 1) * 4 > this.#slots.length * 3) this.#rehash(this.#size * 2);
    const mask = this.#slots.length - 1;
    let slot = this.#hash[record]! & mask;
    while (this.#slots[slot]! > FREE) slot = (slot + 1) & mask;
    if (this.#slots[slot] === FREE) this.#taken++;
    this.#slots[slot] = record;
    this.#size++;
  }

  /** Puts `by` in the place of `record`; both are described. */
  replace(record: number, by: number): void {
    this.#next[by] = this.#next[record]!;
    this.#next[record] = 0;
    this.#relink(record, by);
  }

  remove(record: number): void {
    const next = this.#next[record]!;
    this.#next[record] = 0;
    this.#relink(record, next);
  }

  /** Whatever leads to `record` leads to `to` (0: nothing) afterwards. */
  #relink(record: number, to: number): void {
    const mask = this.#slots.length - 1;
    const hash = this.#hash[record]!;
    for (let slot = hash & mask; this.#slots[slot] !== FREE; slot = (slot + 1) & mask) {
      const first = this.#slots[slot]!;
      if (first === record) {
        this.#slots[slot] = to === 0 ? DELETED : to;
        if (to === 0) this.#size--;
        return;
      }
      if (first === DELETED || this.#hash[first] !== hash) continue;
      for (let before = first; before !== 0; before = this.#next[before]!) {
        if (this.#next[before] !== record) continue;
        this.#next[before] = to;
        return;
      }
    }
  }

  /** Makes room for `records` records in all. */
  reserve(records: number): void {
    if (records > this.#hash.length) this.#widen(records);
    if (records * 4 > this.#slots.length * 3) this.#rehash(records);
  }

  /** Moves to a table for `ids` ids. */
  #rehash(ids: number): void {
    const old = this.#slots;
    let room = 64;
    while (room * 3 < (ids + 1) * 4) room *= 2;
    const slots = new Int32Array(room);
    const mask = room - 1;
    for (const record of old) {
      if (record <= FREE) continue;
      let slot = this.#hash[record]! & mask;
      while (slots[slot] !== FREE) slot = (slot + 1) & mask;
      slots[slot] = record;
    }
    this.#slots = slots;
    this.#taken = this.#size;
  }

  #widen(record: number): void {
    const room = Math.max(record + 1, this.#hash.length * 2);
    const hash = new Int32Array(room);
    hash.set(this.#hash);
    this.#hash = hash;
    const variant = new Uint8Array(room);
    variant.set(this.#variant);
    this.#variant = variant;
    const next = new Int32Array(room);
    next.set(this.#next);
    this.#next = next;
  }
}
