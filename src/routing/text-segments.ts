// The bytes of route texts and ids: files that a bulk load brought along (adopted, not copied) and segments of the table's own,
// to which single routes are appended. Segments are only ever added; compaction makes a new set. Main thread only.

import { type SharedBytes, sharedBytes } from "../util/shared-arena.ts";

const FIRST_SEGMENT_BYTES = 1 << 18;
const SEGMENT_BYTES = 1 << 24;
/**
 * A file is adopted when it is this long and at least this share of it is in use, else the used texts are copied out of it: every
 * segment more is memory that all workers must hear of.
 */
const ADOPT_BYTES = 1 << 20;
const ADOPT_SHARE = 0.5;

export class TextSegments {
  readonly segments: SharedBytes[] = [];
  /** Files of the running transaction; their number is negative (-1 the first) until it is known whether they are adopted. */
  readonly #offered: SharedBytes[] = [];
  /** Segment that is being filled, -1 before the first, and its used bytes. */
  #own = -1;
  #ownUsed = 0;
  /** Place of the last text that was written. */
  lastSegment = 0;
  lastStart = 0;
  /** Bytes in all segments: what is used of own ones, the whole of adopted ones. */
  heldBytes = 0;

  /** The bytes of a segment, also of one that is only offered. */
  bytesOf(segment: number): SharedBytes {
    return segment < 0 ? this.#offered[-segment - 1]! : this.segments[segment]!;
  }

  /** A number for a file of the running transaction. */
  offer(bytes: SharedBytes): number {
    const last = this.#offered.length - 1;
    if (last >= 0 && this.#offered[last] === bytes) return -last - 1;
    const known = this.#offered.indexOf(bytes);
    if (known >= 0) return -known - 1;
    return -this.#offered.push(bytes);
  }

  get offeredCount(): number {
    return this.#offered.length;
  }

  /** Decides about an offered file of which `usedBytes` are needed: its number as a segment, or -1 when texts must be copied. */
  adopt(offered: number, usedBytes: number): number {
    const bytes = this.#offered[-offered - 1]!;
    const known = this.segments.indexOf(bytes);
    if (known >= 0) return known;
    if (bytes.length < ADOPT_BYTES || usedBytes < bytes.length * ADOPT_SHARE) return -1;
    this.heldBytes += bytes.length;
    return this.segments.push(bytes) - 1;
  }

  /** Takes a segment over from another set. */
  keep(bytes: SharedBytes): number {
    this.heldBytes += bytes.length;
    return this.segments.push(bytes) - 1;
  }

  /** Ends the transaction. */
  forgetOffered(): void {
    this.#offered.length = 0;
  }

  /** Appends bytes; `lastSegment` and `lastStart` say where. */
  append(bytes: Uint8Array, start: number, end: number): void {
    const size = end - start;
    if (this.#own < 0 || this.#ownUsed + size > this.segments[this.#own]!.length) {
      const room = this.#own < 0 ? FIRST_SEGMENT_BYTES : SEGMENT_BYTES;
      this.#own = this.segments.push(sharedBytes(Math.max(room, size))) - 1;
      this.#ownUsed = 0;
    }
    this.segments[this.#own]!.set(bytes.subarray(start, end), this.#ownUsed);
    this.lastSegment = this.#own;
    this.lastStart = this.#ownUsed;
    this.#ownUsed += size;
    this.heldBytes += size;
  }
}
