// Hot path: hashing and comparing the segments and the host of every request. Guarded by routing/table.bench.ts.
//
// Interned byte strings ("labels") in shared memory: each gets a number, readers find the number without locks. One writer.
// The bytes of label k lie between starts[k] and starts[k + 1]. Number 0 is no label, number 1 is the empty string.

import {
  type SharedBytes,
  type SharedInt32,
  sharedBytes,
  sharedInt32,
  widenBytes,
  widenInt32,
} from "./shared-arena.ts";

/** What a reader needs. The hash begins with `seed`, so that nobody can prepare labels that collide. */
export interface LabelTable {
  readonly seed: number;
  readonly starts: SharedInt32;
  readonly bytes: SharedBytes;
  readonly slots: SharedInt32;
}

export const NO_LABEL = 0;
export const EMPTY_LABEL = 1;

/** The number of the label equal to `text` between the offsets (a byte string), or 0. */
export function findLabel(table: LabelTable, text: string, start: number, end: number): number {
  const found = probe(table, hashText(table.seed, text, start, end), text, start, end);
  return found < 0 ? NO_LABEL : found;
}

/** FNV-1a over the characters from a secret start, then mixed. */
function hashText(seed: number, text: string, start: number, end: number): number {
  let h = seed;
  for (let i = start; i < end; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

function hashBytes(seed: number, bytes: SharedBytes, start: number, end: number): number {
  let h = seed;
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

/** The label, or the free slot where it would stand as -1 - slot. */
function probe(table: LabelTable, hash: number, text: string, start: number, end: number): number {
  const { slots, starts, bytes } = table;
  const mask = slots.length - 1;
  let slot = hash & mask;
  for (;;) {
    const label = Atomics.load(slots, slot);
    if (label === 0) return -1 - slot;
    const from = starts[label]!;
    if (starts[label + 1]! - from === end - start) {
      let i = start;
      let k = from;
      while (i < end && bytes[k] === text.charCodeAt(i)) {
        i++;
        k++;
      }
      if (i === end) return label;
    }
    slot = (slot + 1) & mask;
  }
}

/** The writing end; its arrays are replaced by larger ones when they are full. */
export class LabelWriter implements LabelTable {
  readonly seed: number;
  starts: SharedInt32;
  bytes: SharedBytes;
  slots: SharedInt32;
  /** Number of the next label. */
  count = 1;

  constructor(seed: number, capacity: number) {
    this.seed = seed;
    this.starts = sharedInt32(Math.max(16, capacity) + 2);
    this.bytes = sharedBytes(Math.max(256, capacity * 8));
    this.slots = sharedInt32(slotsFor(capacity));
    this.intern("", 0, 0);
  }

  /** The number of the label equal to `text` between the offsets, new when there was none. */
  intern(text: string, start: number, end: number): number {
    const hash = hashText(this.seed, text, start, end);
    const known = probe(this, hash, text, start, end);
    if (known > 0) return known;
    const label = this.count;
    if (label + 2 > this.starts.length) this.starts = widenInt32(this.starts, this.starts.length * 2, label + 1);
    const at = this.starts[label]!;
    const size = end - start;
    if (at + size > this.bytes.length) {
      this.bytes = widenBytes(this.bytes, Math.max(at + size, this.bytes.length * 2), at);
    }
    for (let i = 0; i < size; i++) this.bytes[at + i] = text.charCodeAt(start + i);
    this.starts[label + 1] = at + size;
    this.count++;
    Atomics.store(this.slots, -1 - known, label);
    if ((label + 1) * 4 > this.slots.length * 3) this.#rehash(this.slots.length * 2);
    return label;
  }

  /** Makes room for `capacity` labels with `byteLength` bytes in all. */
  reserve(capacity: number, byteLength: number): void {
    if (capacity + 2 > this.starts.length) this.starts = widenInt32(this.starts, capacity + 2, this.count + 1);
    if (byteLength > this.bytes.length) this.bytes = widenBytes(this.bytes, byteLength, this.starts[this.count]!);
    const slots = slotsFor(capacity);
    if (slots > this.slots.length) this.#rehash(slots);
  }

  /** Bytes in use. */
  get byteLength(): number {
    return this.starts[this.count]!;
  }

  text(label: number): string {
    return Buffer.from(this.bytes.buffer, this.starts[label]!, this.starts[label + 1]! - this.starts[label]!).toString(
      "latin1",
    );
  }

  #link(hash: number, label: number): void {
    const mask = this.slots.length - 1;
    let slot = hash & mask;
    while (this.slots[slot] !== 0) slot = (slot + 1) & mask;
    Atomics.store(this.slots, slot, label);
  }

  #rehash(slots: number): void {
    this.slots = sharedInt32(slots);
    for (let label = 1; label < this.count; label++) {
      this.#link(hashBytes(this.seed, this.bytes, this.starts[label]!, this.starts[label + 1]!), label);
    }
  }
}

function slotsFor(capacity: number): number {
  let slots = 32;
  while (slots * 3 < capacity * 4) slots *= 2;
  return slots;
}
