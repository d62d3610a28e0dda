// What readers get of a store: its columns at this moment. Main thread only.

import type { TableGeneration } from "./table-generation.ts";
import type { TableStore } from "./table-store.ts";

/** True when the store has other columns than the generation that readers have. */
export function hasOutgrown(store: TableStore, former: TableGeneration): boolean {
  return (
    former.segments.length !== store.segments.length ||
    former.recordAdded !== store.recordAdded ||
    former.entryNext !== store.entryNext ||
    former.chainHead !== store.chainHead ||
    former.hostChains !== store.hostChains ||
    former.restChains !== store.restChains ||
    former.nodeFlags !== store.nodeFlags ||
    former.labels.starts !== store.labels.starts ||
    former.labels.parents !== store.labels.parents ||
    former.labels.bytes !== store.labels.bytes ||
    former.labels.slots !== store.labels.slots
  );
}

/** The columns of the store as they are now, for readers. */
export function snapshotOf(store: TableStore): TableGeneration {
  const { seed, starts, parents, bytes, slots } = store.labels;
  return {
    serial: store.serial,
    numbering: store.numbering,
    renumbered: store.renumbered,
    replacedBytes: store.replacedBytes,
    header: store.header,
    segments: store.segments.slice(),
    recordSegment: store.recordSegment,
    recordStart: store.recordStart,
    recordEnd: store.recordEnd,
    recordIdSegment: store.recordIdSegment,
    recordIdStart: store.recordIdStart,
    recordIdEnd: store.recordIdEnd,
    recordFlags: store.recordFlags,
    recordWeight: store.recordWeight,
    recordAdded: store.recordAdded,
    recordRemoved: store.recordRemoved,
    recordFormer: store.recordFormer,
    entryNext: store.entryNext,
    entryRecord: store.entryRecord,
    chainHead: store.chainHead,
    chainSince: store.chainSince,
    chainBefore: store.chainBefore,
    hostChains: store.hostChains,
    restChains: store.restChains,
    wildcards: store.wildcards,
    nodeFlags: store.nodeFlags,
    labels: { seed, starts, parents, bytes, slots },
  };
}

/** What the columns take for one of each, those left out that hardly any sets. */
const BYTES_PER_RECORD = 44;
const BYTES_PER_ENTRY = 12;
const BYTES_PER_CHAIN = 12;
const BYTES_PER_NODE = 36;

/** Memory in use: columns as far as they are filled, hash tables, and texts with the files that were adopted. */
export function usedBytes(store: TableStore): number {
  const { labels, hostChains, texts } = store;
  const records = store.recordCount * BYTES_PER_RECORD + store.entryCount * BYTES_PER_ENTRY;
  const tree = store.chainCount * BYTES_PER_CHAIN + labels.count * BYTES_PER_NODE;
  return records + tree + labels.slots.byteLength + hostChains.byteLength + texts.heldBytes;
}
