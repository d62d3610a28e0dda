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
    if (this.count === this.ends.length) return;
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

  /** True when a definition outside of the given runs, which are in order, has an id of one of these hashes. */
  hasOutside(
    hashes: ReadonlySet<number>,
    runs: readonly { readonly first: number; readonly after: number }[],
  ): boolean {
    let from = 0;
    for (const run of [...runs, { first: this.count, after: this.count }]) {
      for (let i = from; i < run.first; i++) if (hashes.has(this.hashes[i]!)) return true;
      from = run.after;
    }
    return false;
  }

  /** Appends definitions of another index, moved by `delta`. */
  append(from: DefinitionIndex, first: number, after: number, delta: number): void {
    const needed = this.count + after - first;
    if (needed > this.ends.length) {
      this.ends = widened(this.ends, needed);
      this.hashes = widened(this.hashes, needed);
    }
    for (let i = first; i < after; i++) this.ends[this.count + i - first] = from.ends[i]! + delta;
    this.hashes.set(from.hashes.subarray(first, after), this.count);
    this.count = needed;
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
