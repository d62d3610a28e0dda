// Who is in the table: the records of every source by id. Of the records of one id that of the source with the highest number is the
// winner and stands in the tree; the others are kept aside and come back when the winner goes. Main thread only; table.ts calls it
// within a transaction, and nothing of it shows before the version is published.

import { copyRecord } from "./copy-record.ts";
import { IdIndex } from "./id-index.ts";
import type { TableStore } from "./table-store.ts";

/** Bits of a record's state. No bit: the record is removed, or never came in. */
const MEMBER = 1;
const WINNER = 2;
const INVALID = 4;
/** Delivered again unchanged in the running transaction. */
const KEPT = 8;

export class TableMembers {
  readonly ids: IdIndex;
  readonly #store: TableStore;
  #state = new Uint8Array(64);
  #source = new Uint16Array(64);
  readonly #kept: number[] = [];
  /** Valid winners, and records of all sources. */
  valid = 0;
  members = 0;
  /** Bytes of texts and ids of all members. */
  liveBytes = 0;

  constructor(store: TableStore, seed: number) {
    this.#store = store;
    this.ids = new IdIndex(seed, (segment) => store.texts.bytesOf(segment));
  }

  /** Makes room for `records` records in all. */
  reserve(records: number): void {
    if (records > this.#state.length) this.#widen(records);
    this.ids.reserve(records);
  }

  /** Notes what a staged record is. */
  describe(record: number, source: number, isInvalid: boolean, hash: number, variant: number): void {
    if (record >= this.#state.length) this.#widen(record);
    this.#state[record] = isInvalid ? INVALID : 0;
    this.#source[record] = source;
    this.ids.describe(record, hash, variant);
  }

  isMember(record: number): boolean {
    return (this.#state[record]! & MEMBER) !== 0;
  }

  isWinner(record: number): boolean {
    return (this.#state[record]! & WINNER) !== 0;
  }

  isInvalid(record: number): boolean {
    return (this.#state[record]! & INVALID) !== 0;
  }

  /** True when the running transaction delivered the record, as new (from `firstStaged` on) or unchanged. */
  isDelivered(record: number, firstStaged: number): boolean {
    return record >= firstStaged || (this.#state[record]! & KEPT) !== 0;
  }

  sourceOf(record: number): number {
    return this.#source[record]!;
  }

  /** The record of a source for an id, 0 when there is none. */
  find(source: number, id: Uint8Array, length: number, variant: number): number {
    const hash = this.ids.hash(id, length, variant);
    return this.#ofSource(this.ids.find(this.#store, hash, variant, id, 0, length), source);
  }

  #ofSource(first: number, source: number): number {
    let record = first;
    while (record !== 0 && this.#source[record] !== source) record = this.ids.next(record);
    return record;
  }

  /**
   * Takes a staged record in. False when the source had delivered the same before: the record it made then stays, unless
   * `replacesSame`.
   */
  place(record: number, firstStaged: number, version: number, replacesSame = false): boolean {
    const store = this.#store;
    const idBytes = store.texts.bytesOf(store.recordIdSegment[record]!);
    const start = store.recordIdStart[record]!;
    const end = store.recordIdEnd[record]!;
    const first = this.ids.find(store, this.ids.hashOf(record), this.ids.variantOf(record), idBytes, start, end);
    const former = this.#ofSource(first, this.#source[record]!);
    if (former === 0) {
      if (first !== 0) this.shared.push(record);
      this.ids.add(record, first);
    } else if (former < firstStaged && !replacesSame && this.#sameContent(former, record)) {
      if ((this.#state[former]! & KEPT) === 0) this.#kept.push(former);
      this.#state[former] = this.#state[former]! | KEPT;
      return false;
    } else {
      this.ids.replace(former, record);
      this.#drop(former, firstStaged, version);
    }
    this.#state[record] = this.#state[record]! | MEMBER;
    this.members++;
    this.liveBytes += this.sizeOf(record);
    this.#electWinner(first === 0 || first === former ? record : first, firstStaged, version);
    if (former !== 0) this.#noteFormer(record, former, firstStaged);
    return true;
  }

  #noteFormer(record: number, former: number, firstStaged: number): void {
    if ((this.#state[record]! & (WINNER | INVALID)) !== WINNER) return;
    const { recordFormer } = this.#store;
    recordFormer[record] = former < firstStaged ? former : recordFormer[former]!;
  }

  /** Takes a member out; a record of another source may come back in its place. */
  remove(record: number, firstStaged: number, version: number): void {
    const store = this.#store;
    const idBytes = store.texts.bytesOf(store.recordIdSegment[record]!);
    const start = store.recordIdStart[record]!;
    const end = store.recordIdEnd[record]!;
    this.ids.remove(record);
    this.#drop(record, firstStaged, version);
    const first = this.ids.find(store, this.ids.hashOf(record), this.ids.variantOf(record), idBytes, start, end);
    if (first !== 0) this.#electWinner(first, firstStaged, version);
  }

  /** Forgets which records were delivered unchanged. */
  endTransaction(): void {
    for (const record of this.#kept) this.#state[record] = this.#state[record]! & ~KEPT;
    this.#kept.length = 0;
  }

  /** Ends the membership of a record that is no longer in the id index. */
  #drop(record: number, firstStaged: number, version: number): void {
    this.#unseat(record, firstStaged, version);
    if (this.isInvalid(record)) this.invalidDropped.push(record);
    this.#state[record] = 0;
    this.members--;
    this.liveBytes -= this.sizeOf(record);
  }

  /** Bytes of text and id of a record. */
  sizeOf(record: number): number {
    const store = this.#store;
    return (
      store.recordEnd[record]! - store.recordStart[record]! + store.recordIdEnd[record]! - store.recordIdStart[record]!
    );
  }

  /** The record leaves the tree: a published one is stamped, a staged one is never linked. */
  #unseat(record: number, firstStaged: number, version: number): void {
    const state = this.#state[record]!;
    if ((state & WINNER) === 0) return;
    this.#state[record] = state & ~WINNER;
    if ((state & INVALID) === 0) this.valid--;
    else this.invalidUnseated.push(record);
    if (record < firstStaged) this.#store.recordRemoved[record] = version;
    else this.#store.recordAdded[record] = 0;
  }

  #electWinner(first: number, firstStaged: number, version: number): void {
    let winner = first;
    for (let record = this.ids.next(first); record !== 0; record = this.ids.next(record)) {
      if (this.#source[record]! > this.#source[winner]!) winner = record;
    }
    for (let record = first; record !== 0; record = this.ids.next(record)) {
      if (record !== winner) this.#unseat(record, firstStaged, version);
    }
    if ((this.#state[winner]! & WINNER) !== 0) return;
    const seated = winner < firstStaged ? this.#revive(winner) : winner;
    this.#state[seated] = this.#state[seated]! | WINNER;
    if ((this.#state[seated]! & INVALID) === 0) this.valid++;
    else this.invalidSeated.push(seated);
    this.#store.recordAdded[seated] = version;
  }

  /** A record that was aside may have been in the tree before; its stamps are used up, so it gets a new number. */
  #revive(aside: number): number {
    const record = copyRecord(this.#store, aside);
    const state = this.#state[aside]!;
    const { ids } = this;
    this.describe(record, this.#source[aside]!, (state & INVALID) !== 0, ids.hashOf(aside), ids.variantOf(aside));
    this.#state[record] = state & (MEMBER | INVALID);
    this.#state[aside] = 0;
    ids.replace(aside, record);
    this.revived.push(aside, record);
    return record;
  }

  /** Records that got a new number in this transaction: old, new, old, new ... The table empties it. */
  readonly revived: number[] = [];
  /** Records that came in beside one of another source with their id. */
  readonly shared: number[] = [];
  /** Invalid records that became winners, were it, or went in this transaction. */
  readonly invalidSeated: number[] = [];
  readonly invalidUnseated: number[] = [];
  readonly invalidDropped: number[] = [];

  /** Called when the table has told what became shared and invalid. */
  forgetNews(): void {
    for (const list of [this.shared, this.invalidSeated, this.invalidUnseated, this.invalidDropped]) list.length = 0;
  }

  #sameContent(a: number, b: number): boolean {
    const store = this.#store;
    const sameKind = ((this.#state[a]! ^ this.#state[b]!) & INVALID) === 0;
    if (!sameKind || store.recordFlags[a] !== store.recordFlags[b]) return false;
    // The predicate of a plugin may weigh something else by now.
    if (!this.isInvalid(a) && store.recordWeight[a] !== store.recordWeight[b]) return false;
    let i = store.recordStart[a]!;
    let k = store.recordStart[b]!;
    const end = store.recordEnd[a]!;
    if (end - i !== store.recordEnd[b]! - k) return false;
    const aBytes = store.texts.bytesOf(store.recordSegment[a]!);
    const bBytes = store.texts.bytesOf(store.recordSegment[b]!);
    for (; i < end; i++, k++) if (aBytes[i] !== bBytes[k]) return false;
    return true;
  }

  #widen(record: number): void {
    const room = Math.max(record + 1, this.#state.length * 2);
    const state = new Uint8Array(room);
    state.set(this.#state);
    this.#state = state;
    const source = new Uint16Array(room);
    source.set(this.#source);
    this.#source = source;
  }
}
