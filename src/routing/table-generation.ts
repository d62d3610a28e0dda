// The layout of the routing table in shared memory. The main thread writes it (table-store.ts), workers read it without locks.
//
// Everything is a number in a column; number 0 is nothing everywhere.
//   record   one route: its text, id, weight, and the versions that added and removed it
//   label    a text under another label: a segment under the node before, or a host key under none
//   node     a place of the path tree: the label of its last segment, or what `wildcards` of the node before names, for `:`
//   leaf     node * 3 + place (AT_EXACT, AT_SUBTREE, AT_FREE); leaf 0 is the pathless list
//   chain    a list of entries: of (leaf, label of a host key) in `hostChains`, or of what no host name finds in `restChains`
//   entry    one link of a chain: the record and the next entry, heaviest record first, among equals the smaller id
//
// Versions: a reader notes the published version and passes over records that were added later or removed by then. Records are
// complete before they are linked, links are stored atomically, and the version is stored last: no reader sees half a change.
// A chain with many removed records is replaced by a new one; `chainSince` is the first version that may use it, `chainBefore`
// the one to use before. A column that is full is replaced by a larger one, which makes a new generation with a header of its own;
// the header of the generation before stays at its last version, so its readers keep a table that is whole.
// `numbering` changes only when records get new numbers (compaction.ts); `renumbered` then leads from the old to the new ones.

import type { SharedBytes, SharedFloat64, SharedInt32 } from "../util/shared-arena.ts";
import type { LabelTable } from "../util/shared-label-table.ts";

export const HEADER_VERSION = 0;
/** Records below this number belong to the version or to one before. */
export const HEADER_RECORDS = 1;
export const HEADER_CELLS = 4;

export const PATHLESS_LEAF = 0;
/** The empty label under none. */
export const ROOT_NODE = 1;
export const LEAVES_PER_NODE = 3;
/** Bits of `nodeFlags`: three for each place of the node, shifted by three times the place. */
export const HAS_REST = 1;
export const HAS_HOSTS = 2;
export const HAS_WILDCARD_HOSTS = 4;

/** Bits of `recordFlags`: where `Path` stood among the predicates, plus one; 0 when it stood in its slot. */
export const FLAG_PATH_POSITION = 0xffff;

/** Shared memory and numbers only: it can be posted to workers. */
export interface TableGeneration {
  readonly serial: number;
  readonly numbering: number;
  readonly renumbered: SharedInt32 | null;
  /** About how much memory of the numbering before was in use at last. */
  readonly replacedBytes: number;
  readonly header: SharedInt32;
  /** Texts and ids: adopted files and segments of the table's own. */
  readonly segments: readonly SharedBytes[];

  readonly recordSegment: SharedInt32;
  readonly recordStart: SharedInt32;
  readonly recordEnd: SharedInt32;
  readonly recordIdSegment: SharedInt32;
  readonly recordIdStart: SharedInt32;
  readonly recordIdEnd: SharedInt32;
  readonly recordFlags: SharedInt32;
  readonly recordWeight: SharedFloat64;
  readonly recordAdded: SharedInt32;
  readonly recordRemoved: SharedInt32;
  /** The record that a valid one took the place of; 0 when it was new, or is not in the tree. */
  readonly recordFormer: SharedInt32;

  readonly entryNext: SharedInt32;
  readonly entryRecord: SharedInt32;
  readonly chainHead: SharedInt32;
  readonly chainSince: SharedInt32;
  readonly chainBefore: SharedInt32;

  /** Slots of a pair map: (leaf, label of a host key) -> chain. */
  readonly hostChains: SharedInt32;
  /** The chain of each leaf that holds its routes without host names. */
  readonly restChains: SharedInt32;
  readonly wildcards: SharedInt32;
  readonly nodeFlags: SharedInt32;
  readonly labels: LabelTable;
}

/** True when the table of `version` holds the record. */
export function isVisible(generation: TableGeneration, record: number, version: number): boolean {
  const added = generation.recordAdded[record]!;
  if (!(added > 0 && added <= version)) return false;
  const removed = generation.recordRemoved[record]!;
  return removed === 0 || removed > version;
}

/** Order of two records in a chain: negative when `a` is asked first. */
export function compareRecords(generation: TableGeneration, a: number, b: number): number {
  const byWeight = generation.recordWeight[b]! - generation.recordWeight[a]!;
  if (byWeight !== 0) return byWeight;
  return compareIds(generation, a, b);
}

/** Bytewise order of the ids of two records. */
export function compareIds(generation: TableGeneration, a: number, b: number): number {
  const aBytes = generation.segments[generation.recordIdSegment[a]!]!;
  const bBytes = generation.segments[generation.recordIdSegment[b]!]!;
  const aEnd = generation.recordIdEnd[a]!;
  const bEnd = generation.recordIdEnd[b]!;
  let i = generation.recordIdStart[a]!;
  let k = generation.recordIdStart[b]!;
  while (i < aEnd && k < bEnd) {
    const difference = aBytes[i]! - bBytes[k]!;
    if (difference !== 0) return difference;
    i++;
    k++;
  }
  return aEnd - i - (bEnd - k);
}

/** The id of a record as text. */
export function recordId(generation: TableGeneration, record: number): string {
  const bytes = generation.segments[generation.recordIdSegment[record]!]!;
  const start = generation.recordIdStart[record]!;
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, generation.recordIdEnd[record]! - start).toString("utf8");
}
