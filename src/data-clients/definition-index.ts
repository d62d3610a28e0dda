// Where the definitions of a document end and which ids they have, as 8 bytes each: enough to find the definitions that an edit of
// the text touches. Ids are kept as hashes; whoever finds an equal one looks at the text.

import type { PieceText } from "./piece-text.ts";

export class DefinitionIndex {
  /** Offset behind the expression of each definition, rising. */
  ends: Uint32Array;
  /** Hash of the id of each definition. */
  hashes: Uint32Array;
  count = 0;

  constructor(capacity: number) {
    this.ends = new Uint32Array(capacity);
    this.hashes = new Uint32Array(capacity);
  }

  add(end: number, id: string): void {
    if (this.count === this.ends.length) {
      const capacity = Math.max(16, this.count * 2);
      this.ends = widened(this.ends, capacity);
      this.hashes = widened(this.hashes, capacity);
    }
    this.ends[this.count] = end;
    this.hashes[this.count++] = hashId(id);
  }

  /** Gives the memory back that was kept for more definitions. */
  trim(): void {
    this.ends = this.ends.slice(0, this.count);
    this.hashes = this.hashes.slice(0, this.count);
  }

  /** Number of definitions that end before `offset`. */
  endingBefore(offset: number): number {
    let low = 0;
    let high = this.count;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.ends[middle]! < offset) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  /** Begin of the text of a definition: behind the expression of the one before. */
  start(index: number): number {
    return index === 0 ? 0 : this.ends[index - 1]!;
  }

  /** The text of a definition, with the semicolon and comments in front of it. */
  text(document: PieceText, index: number): Uint8Array {
    return document.read(this.start(index), this.ends[index]!);
  }

  /** True when a definition outside of `first` to `last` (exclusive) has an id of one of these hashes. */
  hasOutside(hashes: ReadonlySet<number>, first: number, last: number): boolean {
    for (let i = 0; i < this.count; i++) {
      if (i === first) i = last;
      if (i < this.count && hashes.has(this.hashes[i]!)) return true;
    }
    return false;
  }

  /** The index after `inserted`, whose ends count from `offset`, took the place of `first` to `last`; what follows moves by `delta`. */
  replaced(first: number, last: number, inserted: DefinitionIndex, offset: number, delta: number): DefinitionIndex {
    const next = new DefinitionIndex(first + inserted.count + this.count - last);
    next.count = next.ends.length;
    next.ends.set(this.ends.subarray(0, first));
    next.hashes.set(this.hashes.subarray(0, first));
    for (let i = 0; i < inserted.count; i++) next.ends[first + i] = inserted.ends[i]! + offset;
    next.hashes.set(inserted.hashes.subarray(0, inserted.count), first);
    const to = first + inserted.count;
    for (let i = last; i < this.count; i++) next.ends[to + i - last] = this.ends[i]! + delta;
    next.hashes.set(this.hashes.subarray(last, this.count), to);
    return next;
  }
}

/** FNV-1a over the units of the id. */
export function hashId(id: string): number {
  let hash = 0x811c9dc5;
  for (let i = 0; i < id.length; i++) hash = Math.imul(hash ^ id.charCodeAt(i), 0x01000193);
  return hash >>> 0;
}

function widened(column: Uint32Array, capacity: number): Uint32Array<ArrayBuffer> {
  const wide = new Uint32Array(capacity);
  wide.set(column);
  return wide;
}
