// Hot path: hashing and comparing the segments and the host of every request. Guarded by routing/table.bench.ts.
//
// A tree of byte strings ("labels") in shared memory: a label is a text under a parent label, or under none (parent 0), and has a
// number. Readers find the number without locks; there is one writer, and nothing is removed. Number 0 is no label, number 1 is the
// empty text under no parent. The bytes of label k lie between starts[k] and starts[k + 1].
//
// A reader that goes on with arrays from before they grew may meet numbers that its columns do not have, or have as zeros. They
// never equal what it looks for: parents and lengths differ, and label 1 stands before all others in its probe sequence. Its loads are
// plain ones (atomic ones are calls, a tenth of a lookup): whatever its version may use was written before the version was published,
// and what is newer is met through the number just loaded, so that it cannot be read before it.

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
  readonly parents: SharedInt32;
  readonly bytes: SharedBytes;
  readonly slots: SharedInt32;
}

export const NO_LABEL = 0;
export const EMPTY_LABEL = 1;

/** The number of the label equal to `text` between the offsets (a byte string) under `parent`, or 0. */
export function findLabel(table: LabelTable, parent: number, text: string, start: number, end: number): number {
  const found = probe(table, hashText(table.seed, parent, text, start, end), parent, text, start, end);
  return found < 0 ? NO_LABEL : found;
}

/** FNV-1a over the characters from a start that depends on the secret and the parent, then mixed. */
function hashText(seed: number, parent: number, text: string, start: number, end: number): number {
  let h = seed ^ Math.imul(parent, 0x9e3779b1);
  for (let i = start; i < end; i++) h = Math.imul(h ^ text.charCodeAt(i), 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

function hashBytes(seed: number, parent: number, bytes: SharedBytes, start: number, end: number): number {
  let h = seed ^ Math.imul(parent, 0x9e3779b1);
  for (let i = start; i < end; i++) h = Math.imul(h ^ bytes[i]!, 0x01000193);
  h = Math.imul(h ^ (h >>> 15), 0x2c1b3c6d);
  return h ^ (h >>> 13);
}

/** The label, or the free slot where it would stand as -1 - slot. */
function probe(table: LabelTable, hash: number, parent: number, text: string, start: number, end: number): number {
  const { slots, starts, parents, bytes } = table;
  const mask = slots.length - 1;
  let slot = hash & mask;
  for (;;) {
    const label = slots[slot]!;
    if (label === 0) return -1 - slot;
    const from = starts[label]!;
    if (parents[label] === parent && starts[label + 1]! - from === end - start) {
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
  parents: SharedInt32;
  bytes: SharedBytes;
  slots: SharedInt32;
  /** Number of the next label. */
  count = 1;
  /** Slots that are taken; labels without text have none. */
  #listed = 0;

  /** With columns for `capacity` labels, and a hash table for `hashed`. Both grow. */
  constructor(seed: number, capacity: number, hashed: number) {
    this.seed = seed;
    this.starts = sharedInt32(Math.max(16, capacity) + 2);
    this.parents = sharedInt32(Math.max(16, capacity) + 2);
    this.bytes = sharedBytes(Math.max(256, capacity * 16));
    this.slots = sharedInt32(slotsFor(hashed));
    this.intern(0, "", 0, 0);
  }

  /** The number of the label equal to `text` between the offsets under `parent`, new when there was none. */
  intern(parent: number, text: string, start: number, end: number): number {
    const found = probe(this, hashText(this.seed, parent, text, start, end), parent, text, start, end);
    if (found > 0) return found;
    const at = this.starts[this.count]!;
    const size = end - start;
    if (at + size > this.bytes.length) {
      this.bytes = widenBytes(this.bytes, Math.max(at + size, this.bytes.length * 2), at);
    }
    for (let i = 0; i < size; i++) this.bytes[at + i] = text.charCodeAt(start + i);
    const label = this.#add(parent, at + size);
    Atomics.store(this.slots, -1 - found, label);
    if (++this.#listed * 4 > this.slots.length * 3) this.#rehash(this.slots.length * 2);
    return label;
  }

  /** A number under `parent` that no text leads to; it can be a parent. */
  addUnlisted(parent: number): number {
    return this.#add(-1 - parent, this.starts[this.count]!);
  }

  isUnlisted(label: number): boolean {
    return this.parents[label]! < 0;
  }

  parentOf(label: number): number {
    const parent = this.parents[label]!;
    return parent < 0 ? -1 - parent : parent;
  }

  #add(parent: number, end: number): number {
    const label = this.count;
    if (label + 2 > this.starts.length) this.#widen(this.starts.length * 2);
    this.parents[label] = parent;
    this.starts[label + 1] = end;
    this.count++;
    return label;
  }

  #widen(room: number): void {
    this.starts = widenInt32(this.starts, room, this.count + 1);
    this.parents = widenInt32(this.parents, room, this.count);
  }

  /** Makes room for `capacity` labels in all. */
  reserve(capacity: number): void {
    if (capacity + 2 > this.starts.length) this.#widen(capacity + 2);
    const slots = slotsFor(capacity);
    if (slots > this.slots.length) this.#rehash(slots);
  }

  #rehash(slots: number): void {
    const wider = sharedInt32(slots);
    const mask = slots - 1;
    for (let label = 1; label < this.count; label++) {
      const parent = this.parents[label]!;
      if (parent < 0) continue;
      let slot = hashBytes(this.seed, parent, this.bytes, this.starts[label]!, this.starts[label + 1]!) & mask;
      while (wider[slot] !== 0) slot = (slot + 1) & mask;
      wider[slot] = label;
    }
    this.slots = wider;
  }
}

function slotsFor(capacity: number): number {
  let slots = 32;
  while (slots * 3 < capacity * 4) slots *= 2;
  return slots;
}
