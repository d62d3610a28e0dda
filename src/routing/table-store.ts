// The writing end of the shared columns (table-generation.ts): grows them, appends records and entries, links entries into chains.
// It knows nothing of sources or transactions (table.ts); what it appends is invisible until it is linked and a version published.
// Main thread only.

import {
  type SharedFloat64,
  type SharedInt32,
  sharedFloat64,
  sharedInt32,
  widenFloat64,
  widenInt32,
} from "../util/shared-arena.ts";
import { LabelWriter, NO_LABEL } from "../util/shared-label-table.ts";
import { PairMapWriter } from "../util/shared-pair-map.ts";
import { isWildcard, type PathPattern, type PatternPlace } from "./path-pattern.ts";
import {
  compareRecords,
  HAS_HOSTS,
  HAS_REST,
  HAS_WILDCARD_HOSTS,
  HEADER_CELLS,
  HEADER_RECORDS,
  HEADER_VERSION,
  LEAVES_PER_NODE,
  ROOT_NODE,
  type TableGeneration,
} from "./table-generation.ts";
import { hasOutgrown, snapshotOf } from "./table-snapshot.ts";
import { TextSegments } from "./text-segments.ts";

/** A chain is rewritten when a change passes more removed entries than this, and more than live ones. */
const REMOVED_PER_CHAIN = 16;

/** Hash tables begin with room for so many routes. */
const HASHED_ROUTES = 1000;

const SLASH = 0x2f;

export class TableStore implements TableGeneration {
  serial = 0;
  readonly numbering: number;
  renumbered: SharedInt32 | null = null;
  replacedBytes = 0;
  header: SharedInt32 = sharedInt32(HEADER_CELLS);
  readonly texts = new TextSegments();
  readonly labels: LabelWriter;
  readonly #hostChains: PairMapWriter;
  restChains: SharedInt32;

  recordSegment: SharedInt32;
  recordStart: SharedInt32;
  recordEnd: SharedInt32;
  recordIdSegment: SharedInt32;
  recordIdStart: SharedInt32;
  recordIdEnd: SharedInt32;
  recordFlags: SharedInt32;
  recordWeight: SharedFloat64;
  recordAdded: SharedInt32;
  recordRemoved: SharedInt32;
  recordFormer: SharedInt32;
  /** First entry of each record, as it was added, and the number of them. */
  recordEntries: SharedInt32;
  recordEntryCount: SharedInt32;
  entryNext: SharedInt32;
  entryRecord: SharedInt32;
  entryChain: SharedInt32;
  chainHead: SharedInt32;
  chainSince: SharedInt32;
  chainBefore: SharedInt32;
  chainLeaf: SharedInt32;
  chainLabel: SharedInt32;
  /** First entry that waits to be linked; 0 when there is none. */
  #chainPending: SharedInt32;
  wildcards: SharedInt32;
  nodeFlags: SharedInt32;

  recordCount = 1;
  entryCount = 1;
  chainCount = 1;
  /** The way of the last literal path: each node and the end of its segment. */
  readonly #lastWay: { readonly node: number; readonly end: number }[] = [];
  #lastPath = "";
  readonly #touchedChains: number[] = [];
  #published: TableGeneration | null = null;

  /** With columns for `routes` routes, and hash tables, which are touched all over, for fewer. */
  constructor(seed: number, routes: number, numbering: number) {
    const hashedRoutes = Math.min(routes, HASHED_ROUTES);
    this.numbering = numbering;
    this.labels = new LabelWriter(seed, routes, hashedRoutes);
    this.#hostChains = new PairMapWriter(hashedRoutes);
    const room = routes + 2;
    this.recordSegment = sharedInt32(room);
    this.recordStart = sharedInt32(room);
    this.recordEnd = sharedInt32(room);
    this.recordIdSegment = sharedInt32(room);
    this.recordIdStart = sharedInt32(room);
    this.recordIdEnd = sharedInt32(room);
    this.recordFlags = sharedInt32(room);
    this.recordWeight = sharedFloat64(room);
    this.recordAdded = sharedInt32(room);
    this.recordRemoved = sharedInt32(room);
    this.recordFormer = sharedInt32(room);
    this.recordEntries = sharedInt32(room);
    this.recordEntryCount = sharedInt32(room);
    this.entryNext = sharedInt32(room);
    this.entryRecord = sharedInt32(room);
    this.entryChain = sharedInt32(room);
    this.chainHead = sharedInt32(room);
    this.chainSince = sharedInt32(room);
    this.chainBefore = sharedInt32(room);
    this.chainLeaf = sharedInt32(room);
    this.chainLabel = sharedInt32(room);
    this.#chainPending = sharedInt32(room);
    this.wildcards = sharedInt32(room);
    this.nodeFlags = sharedInt32(room);
    this.restChains = sharedInt32(room * LEAVES_PER_NODE);
  }

  get segments(): TextSegments["segments"] {
    return this.texts.segments;
  }
  get hostChains(): SharedInt32 {
    return this.#hostChains.slots;
  }
  get version(): number {
    return this.header[HEADER_VERSION]!;
  }

  /**
   * Makes room for `routes` records in all, at once instead of by doubling: in the columns, where what stays unused costs no memory,
   * and in the hash tables as much as the records that are there needed.
   */
  reserve(routes: number): void {
    this.reserveLike(this, routes);
    if (routes > this.nodeFlags.length) this.#widenNodes(routes);
    if (routes + 2 > this.recordAdded.length) this.#widenRecords(routes + 2);
    if (routes > Math.min(this.entryNext.length, this.chainHead.length)) {
      this.#widenLinks(Math.max(routes, this.entryNext.length), Math.max(routes, this.chainHead.length));
    }
  }

  /** Makes room in the hash tables for `routes` records of the kind that another store has, or this one so far. */
  reserveLike(other: TableStore, routes: number): void {
    const factor = routes / other.recordCount;
    this.#hostChains.reserve(Math.ceil(other.#hostChains.size * factor));
    // In the first routes of a text more parents are met for the first time than later on.
    this.labels.reserve(Math.ceil(Math.min(other.labels.count * factor, routes)));
  }

  /** The number of a new record, cleared; the caller fills its columns and adds its entries before the next one is made. */
  addRecord(): number {
    const record = this.recordCount;
    if (record + 2 > this.recordAdded.length) this.#widenRecords(this.recordAdded.length * 2);
    this.recordCount++;
    // The place may have been used by a transaction that came to nothing. Cells that are zero are left alone: pages of columns that
    // are rarely set then cost no memory.
    if (this.recordAdded[record] !== 0) this.recordAdded[record] = 0;
    if (this.recordRemoved[record] !== 0) this.recordRemoved[record] = 0;
    if (this.recordFormer[record] !== 0) this.recordFormer[record] = 0;
    if (this.recordFlags[record] !== 0) this.recordFlags[record] = 0;
    this.recordEntries[record] = this.entryCount;
    this.recordEntryCount[record] = 0;
    return record;
  }

  /** Takes back all records from `record` on, with their entries. None of them may be linked. */
  dropRecordsFrom(record: number): void {
    for (const chain of this.#touchedChains) this.#chainPending[chain] = 0;
    this.#touchedChains.length = 0;
    if (record < this.recordCount) this.entryCount = this.recordEntries[record]!;
    this.recordCount = record;
  }

  /** The leaf of a pattern; nodes on the way are made. */
  leafOf(pattern: PathPattern): number {
    let node = ROOT_NODE;
    for (const segment of pattern.segments) {
      node = isWildcard(segment) ? this.wildcardChild(node) : this.childOf(node, segment);
    }
    return node * LEAVES_PER_NODE + pattern.place;
  }

  /**
   * The leaf of a literal path (a byte string with a leading slash) up to `end`. In bulk loads neighbours share most of their path,
   * so the way that the last one took is taken again as far as it is the same (table.bench.ts: a fifth of the time to write a route).
   */
  leafOfPath(path: string, end: number, place: PatternPlace): number {
    const way = this.#lastWay;
    const last = this.#lastPath;
    let same = 0;
    while (same < end && same < last.length && path.charCodeAt(same) === last.charCodeAt(same)) same++;
    let depth = 0;
    while (depth < way.length) {
      const at = way[depth]!.end;
      if (at > same || (at < end && path.charCodeAt(at) !== SLASH)) break;
      depth++;
    }
    way.length = depth;
    let node = depth === 0 ? ROOT_NODE : way[depth - 1]!.node;
    for (let start = depth === 0 ? 1 : way[depth - 1]!.end + 1; start <= end; ) {
      const slash = path.indexOf("/", start);
      const stop = slash < 0 || slash > end ? end : slash;
      node = this.childOf(node, path, start, stop);
      way.push({ node, end: stop });
      start = stop + 1;
    }
    this.#lastPath = path;
    return node * LEAVES_PER_NODE + place;
  }

  /** The node under another one for a segment, which stands in `text` between the offsets. A node is a label under that of its parent. */
  childOf(node: number, text: string, start = 0, end = text.length): number {
    const child = this.labels.intern(node, text, start, end);
    if (child >= this.nodeFlags.length) this.#widenNodes(child * 2);
    return child;
  }

  /** The node under another one that takes any segment. */
  wildcardChild(node: number): number {
    const known = this.wildcards[node]!;
    if (known !== 0) return known;
    const child = this.labels.addUnlisted(node);
    if (child >= this.nodeFlags.length) this.#widenNodes(child * 2);
    Atomics.store(this.wildcards, node, child);
    return child;
  }

  /** The chain of a leaf under a host key, null for its rest. */
  chainOf(leaf: number, hostKey: string | null): number {
    const label = hostKey === null ? NO_LABEL : this.labels.intern(0, hostKey, 0, hostKey.length);
    const known = this.chainAt(leaf, label);
    if (known !== 0) return known;
    const chain = this.#addChain(leaf, label);
    const kind = hostKey === null ? HAS_REST : hostKey.startsWith(".") ? HAS_WILDCARD_HOSTS | HAS_HOSTS : HAS_HOSTS;
    const place = leaf % LEAVES_PER_NODE;
    Atomics.or(this.nodeFlags, (leaf - place) / LEAVES_PER_NODE, kind << (place * 3));
    this.#setChain(leaf, label, chain);
    return chain;
  }

  /** The newest chain of a leaf under a label, NO_LABEL for its rest; 0 when there is none. */
  chainAt(leaf: number, label: number): number {
    return label === NO_LABEL ? this.restChains[leaf]! : this.#hostChains.get(leaf, label);
  }

  #setChain(leaf: number, label: number, chain: number): void {
    if (label === NO_LABEL) Atomics.store(this.restChains, leaf, chain);
    else this.#hostChains.set(leaf, label, chain);
  }

  #addChain(leaf: number, label: number): number {
    const chain = this.chainCount;
    if (chain + 1 > this.chainHead.length) this.#widenLinks(this.entryNext.length, this.chainHead.length * 2);
    this.chainCount++;
    this.chainLeaf[chain] = leaf;
    if (label !== NO_LABEL) this.chainLabel[chain] = label;
    return chain;
  }

  /** Adds an entry of the newest record to a chain; it is linked by `linkPending`. */
  addEntry(record: number, chain: number): void {
    const entry = this.#newEntry(record, chain);
    const pending = this.#chainPending[chain]!;
    if (pending === 0) this.#touchedChains.push(chain);
    this.entryNext[entry] = pending;
    this.#chainPending[chain] = entry;
    this.recordEntryCount[record] = this.recordEntryCount[record]! + 1;
  }

  #newEntry(record: number, chain: number): number {
    const entry = this.entryCount;
    if (entry + 1 > this.entryNext.length) this.#widenLinks(this.entryNext.length * 2, this.chainHead.length);
    this.entryCount++;
    this.entryRecord[entry] = record;
    this.entryChain[entry] = chain;
    return entry;
  }

  /** Links the entries that wait and whose record was added in `version`; the others are left out. Then none waits. */
  linkPending(version: number): void {
    const sorted: number[] = [];
    for (const chain of this.#touchedChains) {
      sorted.length = 0;
      for (let entry = this.#chainPending[chain]!; entry !== 0; entry = this.entryNext[entry]!) {
        if (this.recordAdded[this.entryRecord[entry]!] === version) sorted.push(entry);
      }
      this.#chainPending[chain] = 0;
      if (sorted.length > 1) {
        sorted.sort((a, b) => compareRecords(this, this.entryRecord[a]!, this.entryRecord[b]!));
      }
      if (sorted.length > 0) this.#linkSorted(chain, sorted, version);
    }
    this.#touchedChains.length = 0;
  }

  #linkSorted(chain: number, sorted: readonly number[], version: number): void {
    let before = 0;
    let entry = this.chainHead[chain]!;
    let removed = 0;
    let live = 0;
    for (const added of sorted) {
      const record = this.entryRecord[added]!;
      while (entry !== 0 && compareRecords(this, this.entryRecord[entry]!, record) <= 0) {
        if (this.recordRemoved[this.entryRecord[entry]!] === 0) live++;
        else removed++;
        before = entry;
        entry = this.entryNext[entry]!;
      }
      this.entryNext[added] = entry;
      if (before === 0) Atomics.store(this.chainHead, chain, added);
      else Atomics.store(this.entryNext, before, added);
      before = added;
      live++;
    }
    if (removed > REMOVED_PER_CHAIN && removed > live) this.#rewriteChain(chain, version);
  }

  /** Puts a chain of the live records in place of one with many removed ones; readers of former versions keep the old one. */
  #rewriteChain(chain: number, version: number): void {
    const fresh = this.#addChain(this.chainLeaf[chain]!, this.chainLabel[chain]!);
    this.chainSince[fresh] = version;
    this.chainBefore[fresh] = chain;
    let last = 0;
    for (let entry = this.chainHead[chain]!; entry !== 0; entry = this.entryNext[entry]!) {
      const record = this.entryRecord[entry]!;
      if (this.recordRemoved[record] !== 0) continue;
      const copy = this.#newEntry(record, fresh);
      this.entryNext[copy] = 0;
      if (last === 0) this.chainHead[fresh] = copy;
      else this.entryNext[last] = copy;
      last = copy;
    }
    this.#setChain(this.chainLeaf[fresh]!, this.chainLabel[fresh]!, fresh);
  }

  /** Makes everything written so far current. Gives a generation when readers need one, null when the version says it all. */
  publish(version: number): TableGeneration | null {
    const former = this.#published;
    const isGrown = former === null || hasOutgrown(this, former);
    if (isGrown) this.header = sharedInt32(HEADER_CELLS);
    Atomics.store(this.header, HEADER_VERSION, version);
    Atomics.store(this.header, HEADER_RECORDS, this.recordCount);
    if (!isGrown) return null;
    this.serial++;
    this.#published = snapshotOf(this);
    return this.#published;
  }

  /** The generation that readers should have. */
  get published(): TableGeneration {
    this.#published ??= snapshotOf(this);
    return this.#published;
  }

  #widenRecords(room: number): void {
    const used = this.recordCount;
    this.recordSegment = widenInt32(this.recordSegment, room, used);
    this.recordStart = widenInt32(this.recordStart, room, used);
    this.recordEnd = widenInt32(this.recordEnd, room, used);
    this.recordIdSegment = widenInt32(this.recordIdSegment, room, used);
    this.recordIdStart = widenInt32(this.recordIdStart, room, used);
    this.recordIdEnd = widenInt32(this.recordIdEnd, room, used);
    this.recordFlags = widenInt32(this.recordFlags, room, used);
    this.recordWeight = widenFloat64(this.recordWeight, room, used);
    this.recordAdded = widenInt32(this.recordAdded, room, used);
    this.recordRemoved = widenInt32(this.recordRemoved, room, used);
    this.recordFormer = widenInt32(this.recordFormer, room, used);
    this.recordEntries = widenInt32(this.recordEntries, room, used);
    this.recordEntryCount = widenInt32(this.recordEntryCount, room, used);
  }

  /** Readers of the generation before may meet nodes that their columns do not have: nothing of their version hangs there. */
  #widenNodes(room: number): void {
    const used = this.nodeFlags.length;
    this.wildcards = widenInt32(this.wildcards, room, used);
    this.nodeFlags = widenInt32(this.nodeFlags, room, used);
    this.restChains = widenInt32(this.restChains, room * LEAVES_PER_NODE, used * LEAVES_PER_NODE);
  }

  /**
   * Chains and entries lead to each other, so all of them move at once: a reader of the generation before goes on with links that
   * stay as they are, and never meets a number that its shorter columns do not have.
   */
  #widenLinks(entries: number, chains: number): void {
    this.entryNext = widenInt32(this.entryNext, entries, this.entryCount);
    this.entryRecord = widenInt32(this.entryRecord, entries, this.entryCount);
    this.entryChain = widenInt32(this.entryChain, entries, this.entryCount);
    this.chainHead = widenInt32(this.chainHead, chains, this.chainCount);
    this.chainSince = widenInt32(this.chainSince, chains, this.chainCount);
    this.chainBefore = widenInt32(this.chainBefore, chains, this.chainCount);
    this.chainLeaf = widenInt32(this.chainLeaf, chains, this.chainCount);
    this.chainLabel = widenInt32(this.chainLabel, chains, this.chainCount);
    this.#chainPending = widenInt32(this.#chainPending, chains, this.chainCount);
    this.#hostChains.fork();
    this.restChains = widenInt32(this.restChains, this.restChains.length, this.restChains.length);
  }
}
