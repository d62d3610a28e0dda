// The shorter way into the table for a route of which only the backend changes, as it does whenever endpoints come and go: predicates
// and filters are those that were checked, weighed and hung up before. Main thread only; table.ts calls it within a transaction.

import { printBackend, printHead } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import { checkBackend } from "./check-route.ts";
import { copyRecord } from "./copy-record.ts";
import { writeText } from "./record-texts.ts";
import type { TableMembers } from "./table-members.ts";
import type { TableStore } from "./table-store.ts";

/**
 * Stages a normalized route as a copy of `former`, a published record of the same source, id and variant, with another backend, and perhaps
 * fewer filters. `flags` are those of the route. False, and nothing has happened, when more differs or the backend is not good.
 */
export function stageBackend(
  store: TableStore,
  members: TableMembers,
  former: number,
  normal: Route,
  flags: number,
): boolean {
  // One without entries has a path that no node can be made of: that is told at each change.
  if (members.isInvalid(former) || store.recordEntryCount[former] === 0) return false;
  if (store.recordFlags[former] !== flags || checkBackend(normal) !== null) return false;
  const head = printHead(normal);
  if (!hasHead(store, former, head)) return false;
  const record = copyRecord(store, former);
  const bytes = Buffer.from(head + printBackend(normal.backend));
  writeText(store, record, bytes, 0, bytes.length);
  members.describe(record, members.sourceOf(former), false, members.ids.hashOf(former), members.ids.variantOf(former));
  return true;
}

/**
 * True when the text of the record begins with this head, of ASCII characters: the predicates are those of the record, and the filters
 * those or the first of them.
 */
function hasHead(store: TableStore, record: number, head: string): boolean {
  const text = store.segments[store.recordSegment[record]!]!;
  const start = store.recordStart[record]!;
  if (store.recordEnd[record]! - start <= head.length) return false;
  for (let i = 0; i < head.length; i++) {
    const code = head.charCodeAt(i);
    if (code > 0x7f || text[start + i] !== code) return false;
  }
  return true;
}
