// Where the text and the id of a record lie: in a file that the data client brought along, as long as enough of the file is in use,
// else copied into segments of the table's own. Main thread only; table.ts and compaction.ts call it while nobody sees the record.

import type { RouteText } from "../spec/data-client.ts";
import type { TableMembers } from "./table-members.ts";
import type { TableStore } from "./table-store.ts";

const encoder = new TextEncoder();
const FIRST_ID_BYTES = 1 << 10;
const MAX_UTF8_BYTES = 3;

/** The UTF-8 bytes of one id, used again for the next. */
export class IdBytes {
  bytes = new Uint8Array(FIRST_ID_BYTES);
  length = 0;

  set(id: string): void {
    if (id.length * MAX_UTF8_BYTES > this.bytes.length) this.bytes = new Uint8Array(id.length * MAX_UTF8_BYTES);
    for (let i = 0; i < id.length; i++) {
      const c = id.charCodeAt(i);
      if (c > 0x7f) {
        this.length = encoder.encodeInto(id, this.bytes).written;
        return;
      }
      this.bytes[i] = c;
    }
    this.length = id.length;
  }

  /** True when the bytes stand in `text` from `start` on. */
  standAt(text: Uint8Array, start: number): boolean {
    for (let i = 0; i < this.length; i++) if (text[start + i] !== this.bytes[i]) return false;
    return true;
  }
}

/** Leaves text and id where the data client has them, until `settleTexts`. The id is copied when it does not stand before the text. */
export function offerText(store: TableStore, record: number, id: IdBytes, text: RouteText): void {
  const segment = store.texts.offer(text.bytes);
  store.recordSegment[record] = segment;
  store.recordStart[record] = text.start;
  store.recordEnd[record] = text.end;
  const idEnd = idEndBefore(text);
  const idStart = idEnd - id.length;
  if (idStart < 0 || !id.standAt(text.bytes, idStart)) {
    writeId(store, record, id.bytes, 0, id.length);
    return;
  }
  store.recordIdSegment[record] = segment;
  store.recordIdStart[record] = idStart;
  store.recordIdEnd[record] = idEnd;
}

/** Copies an id. */
export function writeId(store: TableStore, record: number, bytes: Uint8Array, start: number, end: number): void {
  store.texts.append(bytes, start, end);
  store.recordIdSegment[record] = store.texts.lastSegment;
  store.recordIdStart[record] = store.texts.lastStart;
  store.recordIdEnd[record] = store.texts.lastStart + end - start;
}

/** Copies an expression. */
export function writeText(store: TableStore, record: number, bytes: Uint8Array, start: number, end: number): void {
  store.texts.append(bytes, start, end);
  store.recordSegment[record] = store.texts.lastSegment;
  store.recordStart[record] = store.texts.lastStart;
  store.recordEnd[record] = store.texts.lastStart + end - start;
}

/** Adopts the files that the staged records lie in, or copies the records' texts when they are few. */
export function settleTexts(store: TableStore, members: TableMembers, firstStaged: number, stagedEnd: number): void {
  const { texts, recordSegment, recordStart, recordEnd, recordIdSegment, recordIdStart, recordIdEnd } = store;
  if (texts.offeredCount === 0) return;
  const used = new Float64Array(texts.offeredCount);
  for (let record = firstStaged; record < stagedEnd; record++) {
    const file = -recordSegment[record]! - 1;
    if (file >= 0 && members.isMember(record)) used[file] = used[file]! + members.sizeOf(record);
  }
  const adopted = used.map((usedBytes, file) => texts.adopt(-file - 1, usedBytes));
  for (let record = firstStaged; record < stagedEnd; record++) {
    const segment = recordSegment[record]!;
    if (segment >= 0 || !members.isMember(record)) continue;
    const isIdThere = recordIdSegment[record] === segment;
    const number = adopted[-segment - 1]!;
    if (number >= 0) {
      recordSegment[record] = number;
      if (isIdThere) recordIdSegment[record] = number;
      continue;
    }
    const bytes = texts.bytesOf(segment);
    if (isIdThere) writeId(store, record, bytes, recordIdStart[record]!, recordIdEnd[record]!);
    writeText(store, record, bytes, recordStart[record]!, recordEnd[record]!);
  }
  texts.forgetOffered();
}

const COLON = 0x3a;

/** The end of the id in front of an expression: before the colon and white space around it. */
function idEndBefore(text: RouteText): number {
  let at = skipSpaceBefore(text.bytes, text.start);
  if (at > 0 && text.bytes[at - 1] === COLON) at = skipSpaceBefore(text.bytes, at - 1);
  return at;
}

function skipSpaceBefore(bytes: Uint8Array, end: number): number {
  let at = end;
  while (at > 0 && (bytes[at - 1] === 0x20 || (bytes[at - 1]! >= 0x09 && bytes[at - 1]! <= 0x0d))) at--;
  return at;
}
