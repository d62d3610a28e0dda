// Counters by name in shared memory: every thread that asks for a key gets the same slot of cells (endpoint counters, positions of
// round robin, buckets of limits). Any thread may add keys without locks; the owner gives slots back that nobody holds.
//
//   low, high   64 bits of the key's hash; both 0: free. The low half is claimed first, then the high half (compare and exchange)
//   refs        how many holders a slot has; negative while the owner looks whether to free it
//
// A key stands in one of the WINDOW slots behind its hash, so a search looks at two cache lines. Two keys with equal 64 bits would
// share a slot; the hash begins with a secret. When two threads add one key at the very moment the owner frees a slot before
// theirs, they may get two slots for it, until both let go: counts are then split, never lost.

const WINDOW = 32;
/** Added to the holders of a slot while the owner decides about it. */
const FREEING = -(2 ** 30);

/** Shared memory and numbers only: it can be posted to workers. */
export interface SharedTableMemory {
  readonly seed: number;
  readonly cellsPerSlot: number;
  readonly low: Int32Array<SharedArrayBuffer>;
  readonly high: Int32Array<SharedArrayBuffer>;
  readonly refs: Int32Array<SharedArrayBuffer>;
  readonly cells: Int32Array<SharedArrayBuffer>;
  readonly doubles: Float64Array<SharedArrayBuffer>;
}

/** Memory for about `capacity` keys (there is room for twice as many slots), each with cells of both kinds, all zero at first. */
export function sharedTableMemory(
  capacity: number,
  cellsPerSlot: number,
  doublesPerSlot: number,
  seed: number,
): SharedTableMemory {
  const slots = Math.max(WINDOW, capacity * 2);
  const int32 = (length: number) => new Int32Array(new SharedArrayBuffer(length * 4));
  return {
    seed,
    cellsPerSlot,
    low: int32(slots),
    high: int32(slots),
    refs: int32(slots),
    cells: int32(slots * cellsPerSlot),
    doubles: new Float64Array(new SharedArrayBuffer(slots * doublesPerSlot * 8)),
  };
}

export class SharedTable {
  /** `cellsPerSlot` cells for each slot, from `slot * cellsPerSlot` on; to be changed with Atomics. */
  readonly cells: Int32Array<SharedArrayBuffer>;
  /** Cells for fractions; each has one writer at a time, or a stale value does no harm. */
  readonly doubles: Float64Array<SharedArrayBuffer>;
  readonly cellsPerSlot: number;
  readonly #memory: SharedTableMemory;
  /** The hash of the key that is looked for. */
  #low = 0;
  #high = 0;

  constructor(memory: SharedTableMemory) {
    this.#memory = memory;
    this.cells = memory.cells;
    this.doubles = memory.doubles;
    this.cellsPerSlot = memory.cellsPerSlot;
  }

  /** The slot of a key, new when it has none, -1 when there is no room near it. It is held until `release`. */
  slot(key: string): number {
    const { refs } = this.#memory;
    this.#hash(key);
    for (;;) {
      const slot = this.#find();
      if (slot < 0) return -1;
      if (Atomics.add(refs, slot, 1) >= 0 && this.#holdsKey(slot)) return slot;
      // The owner was about to free it, or has.
      Atomics.sub(refs, slot, 1);
    }
  }

  /** Lets a slot go; its cells keep their values until the owner frees it. */
  release(slot: number): void {
    Atomics.sub(this.#memory.refs, slot, 1);
  }

  /** Frees the slots that nobody holds and that `isIdle` gives up; gives their number. Only one thread, the owner, may call it. */
  reclaim(isIdle: (slot: number) => boolean = always): number {
    const { low, high, refs, cells, doubles, cellsPerSlot } = this.#memory;
    const doublesPerSlot = doubles.length / low.length;
    let freed = 0;
    for (let slot = 0; slot < low.length; slot++) {
      if (Atomics.load(low, slot) === 0 || Atomics.compareExchange(refs, slot, 0, FREEING) !== 0) continue;
      if (isIdle(slot)) {
        cells.fill(0, slot * cellsPerSlot, (slot + 1) * cellsPerSlot);
        doubles.fill(0, slot * doublesPerSlot, (slot + 1) * doublesPerSlot);
        Atomics.store(high, slot, 0);
        Atomics.store(low, slot, 0);
        freed++;
      }
      Atomics.sub(refs, slot, FREEING);
    }
    return freed;
  }

  /** Slots with a key. */
  get size(): number {
    const { low } = this.#memory;
    let taken = 0;
    for (let slot = 0; slot < low.length; slot++) if (low[slot] !== 0) taken++;
    return taken;
  }

  #holdsKey(slot: number): boolean {
    const { low, high } = this.#memory;
    return Atomics.load(low, slot) === this.#low && Atomics.load(high, slot) === this.#high;
  }

  /** The slot with the key; else the first free one of the window, claimed for it; -1 when all are taken. */
  #find(): number {
    const { low } = this.#memory;
    const slots = low.length;
    const first = (this.#low >>> 0) % slots;
    let free = -1;
    for (let i = 0; i < WINDOW; i++) {
      const slot = (first + i) % slots;
      const found = Atomics.load(low, slot);
      if (found === 0) {
        if (free < 0) free = slot;
      } else if (found === this.#low && this.#takeHigh(slot)) {
        return slot;
      }
    }
    if (free < 0) return -1;
    const found = Atomics.compareExchange(low, free, 0, this.#low);
    if ((found === 0 || found === this.#low) && this.#takeHigh(free)) return free;
    return this.#find();
  }

  /** True when the high half is that of the key; a half that is still missing is filled in, by whoever comes first. */
  #takeHigh(slot: number): boolean {
    const found = Atomics.compareExchange(this.#memory.high, slot, 0, this.#high);
    return found === 0 || found === this.#high;
  }

  /** Two FNV-1a hashes with different multipliers, mixed; neither is 0, which means free. */
  #hash(key: string): void {
    let a = this.#memory.seed;
    let b = ~this.#memory.seed;
    for (let i = 0; i < key.length; i++) {
      const c = key.charCodeAt(i);
      a = Math.imul(a ^ c, 0x01000193);
      b = Math.imul(b ^ c, 0x5bd1e995);
      b ^= b >>> 15;
    }
    a = Math.imul(a ^ (a >>> 15) ^ b, 0x2c1b3c6d);
    this.#low = a ^ (a >>> 13) || 1;
    b = Math.imul(b ^ (b >>> 13), 0xc2b2ae35);
    this.#high = b ^ (b >>> 16) || 1;
  }
}

function always(): boolean {
  return true;
}
