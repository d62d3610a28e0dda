// Hot path: one probe sequence over one array. Guarded by routing/table.bench.ts.
//
// A map from two integers to a positive integer in shared memory: open addressing, linear probing, one writer, any number of
// readers without locks. Pairs are never removed; a value may be replaced.
//
//   slot: | first key | second key | value (0: free) |      3 Int32 cells, the number of slots is a power of two
//
// The writer stores the keys before the value, and the value atomically. What was published before a reader began is whole for it;
// of what is newer it may see a value before its keys, which is no pair that it could ask for, since its keys are newer, too.

import { type SharedInt32, sharedInt32 } from "./shared-arena.ts";

const CELLS = 3;

/** The value of the pair, or 0. */
export function pairGet(slots: SharedInt32, first: number, second: number): number {
  const mask = slots.length / CELLS - 1;
  let slot = hashPair(first, second) & mask;
  for (;;) {
    const at = slot * CELLS;
    const value = slots[at + 2]!;
    if (value === 0) return 0;
    if (slots[at] === first && slots[at + 1] === second) return value;
    slot = (slot + 1) & mask;
  }
}

/** Mixes both keys so that neighbouring integers spread over the slots (multipliers of xxHash). */
function hashPair(first: number, second: number): number {
  let h = Math.imul(first, 0x9e3779b1) ^ Math.imul(second, 0x85ebca77);
  h = Math.imul(h ^ (h >>> 15), 0xc2b2ae3d);
  return h ^ (h >>> 13);
}

/** The writing end. `slots` is replaced by a larger array when it is three quarters full. */
export class PairMapWriter {
  slots: SharedInt32;
  size = 0;

  constructor(capacity: number) {
    this.slots = sharedInt32(slotsFor(capacity) * CELLS);
  }

  get(first: number, second: number): number {
    return pairGet(this.slots, first, second);
  }

  /** Adds the pair or replaces its value; `value` is positive. */
  set(first: number, second: number, value: number): void {
    if ((this.size + 1) * 4 > (this.slots.length / CELLS) * 3) this.reserve(this.size * 2 + 2);
    if (put(this.slots, first, second, value)) this.size++;
  }

  /** Goes on with a copy: the array that was used until now stays as it is. */
  fork(): void {
    const copy = sharedInt32(this.slots.length);
    copy.set(this.slots);
    this.slots = copy;
  }

  /** Makes room for `capacity` pairs in all. */
  reserve(capacity: number): void {
    const wanted = slotsFor(capacity) * CELLS;
    if (wanted <= this.slots.length) return;
    const old = this.slots;
    const wider = sharedInt32(wanted);
    for (let at = 0; at < old.length; at += CELLS) {
      const value = old[at + 2]!;
      if (value !== 0) put(wider, old[at]!, old[at + 1]!, value);
    }
    this.slots = wider;
  }
}

/** True when the pair was not there before. */
function put(slots: SharedInt32, first: number, second: number, value: number): boolean {
  const mask = slots.length / CELLS - 1;
  let slot = hashPair(first, second) & mask;
  for (;;) {
    const at = slot * CELLS;
    const found = slots[at + 2]!;
    if (found === 0) {
      slots[at] = first;
      slots[at + 1] = second;
      Atomics.store(slots, at + 2, value);
      return true;
    }
    if (slots[at] === first && slots[at + 1] === second) {
      Atomics.store(slots, at + 2, value);
      return false;
    }
    slot = (slot + 1) & mask;
  }
}

function slotsFor(capacity: number): number {
  let slots = 16;
  while (slots * 3 < capacity * 4) slots *= 2;
  return slots;
}
