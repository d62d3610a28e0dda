// Gets rid of removed records, of text that nobody refers to and of nodes that nothing hangs at: writes all members into a new store,
// a few milliseconds at a time, while changes go on in the old one. Records that are added meanwhile lie behind the ones that were
// written already, so the work reaches them; those that go meanwhile are taken out at the end. Records get new numbers, and
// `renumbered` tells workers which instance belongs to which. Main thread only.

import { type SharedInt32, sharedInt32 } from "../util/shared-arena.ts";
import { yieldCore } from "../util/yield-core.ts";
import { PlaceCopier } from "./copy-places.ts";
import { writeId, writeText } from "./record-texts.ts";
import { TableMembers } from "./table-members.ts";
import { usedBytes } from "./table-snapshot.ts";
import { TableStore } from "./table-store.ts";

/** Version of everything in a store that nobody has seen yet. */
export const FIRST_VERSION = 1;
/** Records between two looks at the clock. */
const RECORDS_PER_LOOK = 8;
/** A segment is kept as it is when at least this share of it is in use. */
const KEEP_SHARE = 0.5;

export class Compaction {
  readonly store: TableStore;
  readonly members: TableMembers;
  readonly #old: TableStore;
  readonly #oldMembers: TableMembers;
  readonly #places: PlaceCopier;
  /** New number of each old segment, -1 when the texts in it are copied. */
  readonly #segments: number[] = [];
  /** New number of each old record, and the other way round. */
  #renumbered: SharedInt32;
  #origin: Int32Array;
  #next = 1;

  constructor(old: TableStore, oldMembers: TableMembers, seed: number, initialRoutes: number) {
    this.#old = old;
    this.#oldMembers = oldMembers;
    const room = Math.ceil(oldMembers.members * 1.25) + 1000;
    this.store = new TableStore(seed, Math.max(room, initialRoutes), old.numbering + 1);
    this.store.reserveLike(old, oldMembers.members);
    this.#places = new PlaceCopier(old, this.store);
    this.members = new TableMembers(this.store, seed);
    this.members.reserve(room);
    this.#renumbered = sharedInt32(old.recordCount + 1000);
    this.#origin = new Int32Array(room);
    this.#keepSegments();
  }

  /** Takes over by reference what is mostly in use. */
  #keepSegments(): void {
    const old = this.#old;
    const used = new Float64Array(old.segments.length);
    for (let record = 1; record < old.recordCount; record++) {
      if (!this.#oldMembers.isMember(record)) continue;
      const segment = old.recordSegment[record]!;
      used[segment] = used[segment]! + old.recordEnd[record]! - old.recordStart[record]!;
    }
    for (let i = 0; i < old.segments.length; i++) {
      const bytes = old.segments[i]!;
      this.#segments.push(used[i]! < bytes.length * KEEP_SHARE ? -1 : this.store.texts.keep(bytes));
    }
  }

  /** Works for about `budgetMs`. True when all members are written; `finish` must follow before the next change. */
  step(budgetMs: number): boolean {
    const until = performance.now() + budgetMs;
    const firstStaged = this.store.recordCount;
    while (this.#next < this.#old.recordCount) {
      const end = Math.min(this.#next + RECORDS_PER_LOOK, this.#old.recordCount);
      for (; this.#next < end; this.#next++) {
        if (this.#oldMembers.isMember(this.#next)) this.#write(this.#next, firstStaged);
      }
      if (performance.now() >= until) break;
      yieldCore();
    }
    this.store.linkPending(FIRST_VERSION);
    return this.#next === this.#old.recordCount;
  }

  /** Follows records that got yet another number because they took the place of one that went. */
  #followRevived(): void {
    const { revived } = this.members;
    for (let i = 0; i < revived.length; i += 2) this.#noteNumber(this.#origin[revived[i]!]!, revived[i + 1]!);
    revived.length = 0;
  }

  #write(from: number, firstStaged: number): void {
    const { store, members } = this;
    const old = this.#old;
    const oldMembers = this.#oldMembers;
    const record = store.addRecord();
    store.recordFlags[record] = old.recordFlags[from]!;
    store.recordWeight[record] = old.recordWeight[from]!;
    this.#writeId(from, record);
    this.#writeText(from, record);
    const isInvalid = oldMembers.isInvalid(from);
    const { ids } = oldMembers;
    members.describe(record, oldMembers.sourceOf(from), isInvalid, ids.hashOf(from), ids.variantOf(from));
    this.#places.copy(from, record);
    this.#noteNumber(from, record);
    members.place(record, firstStaged, FIRST_VERSION, true);
    this.#followRevived();
  }

  #writeId(from: number, record: number): void {
    const { store } = this;
    const old = this.#old;
    const segment = old.recordIdSegment[from]!;
    const start = old.recordIdStart[from]!;
    const end = old.recordIdEnd[from]!;
    const kept = this.#segments[segment] ?? -1;
    if (kept < 0) {
      writeId(store, record, old.segments[segment]!, start, end);
      return;
    }
    store.recordIdSegment[record] = kept;
    store.recordIdStart[record] = start;
    store.recordIdEnd[record] = end;
  }

  #writeText(from: number, record: number): void {
    const { store } = this;
    const old = this.#old;
    const segment = old.recordSegment[from]!;
    const start = old.recordStart[from]!;
    const end = old.recordEnd[from]!;
    const kept = this.#segments[segment] ?? -1;
    if (kept < 0) {
      writeText(store, record, old.segments[segment]!, start, end);
      return;
    }
    store.recordSegment[record] = kept;
    store.recordStart[record] = start;
    store.recordEnd[record] = end;
  }

  #noteNumber(from: number, record: number): void {
    if (from >= this.#renumbered.length) {
      const wider = sharedInt32(from * 2);
      wider.set(this.#renumbered);
      this.#renumbered = wider;
    }
    if (record >= this.#origin.length) {
      const wider = new Int32Array(record * 2);
      wider.set(this.#origin);
      this.#origin = wider;
    }
    this.#renumbered[from] = record;
    this.#origin[record] = from;
  }

  /** Takes out what went since it was written; gives the new numbers of the old records, 0 for those that are no more. */
  finish(): SharedInt32 {
    const { store, members } = this;
    for (let from = 1; from < this.#next; from++) {
      const record = this.#renumbered[from]!;
      if (record === 0 || this.#oldMembers.isMember(from)) continue;
      this.#renumbered[from] = 0;
      if (!members.isMember(record)) continue;
      members.remove(record, store.recordCount, FIRST_VERSION);
      this.#followRevived();
    }
    store.linkPending(FIRST_VERSION);
    store.renumbered = this.#renumbered;
    store.replacedBytes = usedBytes(this.#old);
    store.serial = this.#old.serial;
    return this.#renumbered;
  }
}
