// Hot path: 3 ns. Guarded by request-metrics.bench.ts.
//
// A scale of slots for durations from which percentiles are read: every octave from 2^-24 s (60 ns) to 2^12 s (68 min) has 8 equal
// steps, so a slot is at most 12.5 % wide. Slots are the top bits of the number itself: exponent and three bits of the fraction.
// Four octaves form a block of 32 slots; a series has only the blocks that it met. Used by worker-metrics.ts and codahale.ts.

const STEPS = 8;
const LOWEST_EXPONENT = -24;
const OCTAVES = 36;
/** Slots of a block, and blocks of a scale. */
export const BLOCK_CELLS = 4 * STEPS;
export const BLOCKS = (OCTAVES * STEPS) / BLOCK_CELLS;
const LAST_SLOT = OCTAVES * STEPS - 1;

const number = new Float64Array(1);
const bits = new Uint32Array(number.buffer);
/** Index of the half with sign and exponent; 1 where the low half comes first. */
const HIGH = new Uint8Array(new Uint16Array([1]).buffer)[0] === 1 ? 1 : 0;
const EXPONENT_BIAS = 1023;
/** Bits of the high half below exponent and step. */
const STEP_SHIFT = 20 - 3;

/** The slot of a duration in seconds; below and above the scale the first and the last one. */
export function slotOf(seconds: number): number {
  number[0] = seconds;
  const slot = (bits[HIGH]! >>> STEP_SHIFT) - (EXPONENT_BIAS + LOWEST_EXPONENT) * STEPS;
  return slot < 0 || !(seconds > 0) ? 0 : Math.min(slot, LAST_SLOT);
}

/** The block of a slot. */
export function blockOf(slot: number): number {
  return slot >>> 5;
}

/** The least duration in seconds of a slot; `slot` may be one beyond the last. */
export function slotStart(slot: number): number {
  return 2 ** (Math.floor(slot / STEPS) + LOWEST_EXPONENT) * (1 + (slot % STEPS) / STEPS);
}
