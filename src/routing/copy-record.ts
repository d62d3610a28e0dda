// A record again under a new number, for a route that comes back into the tree (table-members.ts): its stamps are used up.

import type { TableStore } from "./table-store.ts";

/** A new record with text, id, flags, weight and places of another one. */
export function copyRecord(store: TableStore, from: number): number {
  const record = store.addRecord();
  store.recordSegment[record] = store.recordSegment[from]!;
  store.recordStart[record] = store.recordStart[from]!;
  store.recordEnd[record] = store.recordEnd[from]!;
  store.recordIdSegment[record] = store.recordIdSegment[from]!;
  store.recordIdStart[record] = store.recordIdStart[from]!;
  store.recordIdEnd[record] = store.recordIdEnd[from]!;
  store.recordFlags[record] = store.recordFlags[from]!;
  store.recordWeight[record] = store.recordWeight[from]!;
  const first = store.recordEntries[from]!;
  for (let entry = first; entry < first + store.recordEntryCount[from]!; entry++) {
    const chain = store.entryChain[entry]!;
    // The chain may have been rewritten since.
    store.addEntry(record, store.chainAt(store.chainLeaf[chain]!, store.chainLabel[chain]!));
  }
  return record;
}
