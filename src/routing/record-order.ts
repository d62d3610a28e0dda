// The listed records sorted by id, for `/routes`. Made when someone asks for a page; the next page after a change costs one pass
// over the numbers, and sorting of what was added. Main thread only.

import { compareIds, type TableGeneration } from "./table-generation.ts";

const RUN = 16;

export class RecordOrder {
  #sorted = new Int32Array(0);
  /** Records below this number are in the list already, or will never be. */
  #seen = 1;
  #version = -1;

  /** The listed records of the table, which has `count` records; `version` tells whether anything changed since the last call. */
  sorted(table: TableGeneration, count: number, version: number, isListed: (record: number) => boolean): Int32Array {
    if (version === this.#version) return this.#sorted;
    const kept = this.#sorted.filter(isListed);
    const added: number[] = [];
    for (let record = this.#seen; record < count; record++) if (isListed(record)) added.push(record);
    this.#sorted = merge(table, kept, sortById(table, Int32Array.from(added)));
    this.#seen = count;
    this.#version = version;
    return this.#sorted;
  }
}

function merge(table: TableGeneration, a: Int32Array, b: Int32Array): Int32Array<ArrayBuffer> {
  const merged = new Int32Array(a.length + b.length);
  merged.set(a);
  merged.set(b, a.length);
  const spare = new Int32Array(merged.length);
  if (needsMerge(table, merged, a.length)) mergeRuns(table, merged, spare, 0, a.length, merged.length);
  return merged;
}

function needsMerge(table: TableGeneration, list: Int32Array, middle: number): boolean {
  return middle > 0 && middle < list.length && compareIds(table, list[middle - 1]!, list[middle]!) > 0;
}

/** Merge sort that leaves what is in order already, as files usually are: then it costs one comparison per pair. */
function sortById(table: TableGeneration, list: Int32Array): Int32Array {
  const spare = new Int32Array(list.length);
  for (let start = 0; start < list.length; start += RUN)
    insertionSort(table, list, start, Math.min(list.length, start + RUN));
  for (let width = RUN; width < list.length; width *= 2) {
    for (let start = 0; start + width < list.length; start += width * 2) {
      const middle = start + width;
      if (compareIds(table, list[middle - 1]!, list[middle]!) <= 0) continue;
      mergeRuns(table, list, spare, start, middle, Math.min(list.length, middle + width));
    }
  }
  return list;
}

function insertionSort(table: TableGeneration, list: Int32Array, start: number, end: number): void {
  for (let i = start + 1; i < end; i++) {
    const record = list[i]!;
    let k = i;
    for (; k > start && compareIds(table, list[k - 1]!, record) > 0; k--) list[k] = list[k - 1]!;
    list[k] = record;
  }
}

/** Merges the sorted runs [start, middle) and [middle, end) of `list`. */
function mergeRuns(
  table: TableGeneration,
  list: Int32Array,
  spare: Int32Array,
  start: number,
  middle: number,
  end: number,
): void {
  spare.set(list.subarray(start, middle), start);
  let left = start;
  let right = middle;
  for (let at = start; left < middle; at++) {
    if (right < end && compareIds(table, list[right]!, spare[left]!) < 0) list[at] = list[right++]!;
    else list[at] = spare[left++]!;
  }
}
