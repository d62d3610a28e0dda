// Hot path: a few probes per segment, no allocation. Guarded by table.bench.ts.
//
// One lookup in the shared tree (spec matching 5): depth first over the segments of the path, at each point the literal child, then
// the simple wildcard, then the free wildcard, falling back when no route of a place matches. A place has up to six chains (routes
// of the node itself and of subtrees; by host, by host without its first label, and the rest); they are merged in the order of
// weight and id, so that the index by host never changes which route is asked first.

import { findLabel, NO_LABEL } from "../util/shared-label-table.ts";
import { pairGet } from "../util/shared-pair-map.ts";
import { hostKeyLength } from "./host-keys.ts";
import { AT_EXACT, AT_FREE, AT_SUBTREE } from "./path-pattern.ts";
import {
  compareRecords,
  HAS_HOSTS,
  HAS_REST,
  HAS_WILDCARD_HOSTS,
  isVisible,
  LEAVES_PER_NODE,
  PATHLESS_LEAF,
  ROOT_NODE,
  type TableGeneration,
} from "./table-generation.ts";

/** Decides about one route that stands at the right place. */
export interface CandidateTest {
  matches(record: number): boolean;
}

/** What is tried next at a point of the path. */
const LITERAL = 0;
const WILDCARD = 1;
const FREE = 2;
const DONE = 3;

const MAX_CURSORS = 6;
const FLAG_BITS = 3;

export class TreeWalk {
  #generation!: TableGeneration;
  #version = 0;
  #path = "";
  #hostLabel = NO_LABEL;
  #wildcardHostLabel = NO_LABEL;
  readonly #cursors = new Int32Array(MAX_CURSORS);
  #cursorCount = 0;

  /** Segments read so far; `#stage` and `#node` belong to the point before the segment. */
  #segmentCount = 0;
  #start = new Int32Array(32);
  #end = new Int32Array(32);
  #node = new Int32Array(32);
  #stage = new Uint8Array(32);
  /** Depth of the last point of a hit, and whether the rest of the path from there was taken as a whole. */
  #depth = 0;
  #hasTail = false;

  /** Sets the table, the path to look up (cleaned, with a leading slash) and the request host. */
  begin(generation: TableGeneration, version: number, path: string, host: string): void {
    this.#generation = generation;
    this.#version = version;
    this.#path = path;
    this.#segmentCount = 0;
    const end = hostKeyLength(host);
    const dot = host.indexOf(".");
    this.#hostLabel = findLabel(generation.labels, 0, host, 0, end);
    this.#wildcardHostLabel = dot < 1 || dot >= end ? NO_LABEL : findLabel(generation.labels, 0, host, dot, end);
  }

  /** The first route of the pathless list that passes the test, 0 when there is none. */
  findPathless(test: CandidateTest): number {
    this.#cursorCount = 0;
    this.#openLeaf(0, PATHLESS_LEAF);
    return this.#firstMatch(test);
  }

  /** The route of the tree that passes the test, 0 when there is none. */
  findInTree(test: CandidateTest): number {
    const { labels, wildcards } = this.#generation;
    let depth = 0;
    this.#enter(0, ROOT_NODE);
    while (depth >= 0) {
      const node = this.#node[depth]!;
      const start = this.#start[depth]!;
      const isLast = this.#end[depth] === this.#path.length;
      const stage = this.#stage[depth]!++;
      if (stage === LITERAL) {
        if (start === this.#path.length) {
          // A trailing slash: a literal of its own, or the root of a subtree; wildcards take one byte at least.
          this.#stage[depth] = DONE;
          const found = this.#atEnd(test, findLabel(labels, node, this.#path, start, start), node);
          if (found !== 0) return this.#hit(found, depth, false);
          continue;
        }
        const child = findLabel(labels, node, this.#path, start, this.#end[depth]!);
        if (child === 0) continue;
        if (!isLast) {
          this.#enter(++depth, child);
          continue;
        }
        const found = this.#atEnd(test, child, child);
        if (found !== 0) return this.#hit(found, depth, false);
      } else if (stage === WILDCARD) {
        // A node that is newer than this generation's columns has no wildcard that this version could see.
        const child = node < wildcards.length ? wildcards[node]! : 0;
        if (child === 0) continue;
        if (!isLast) {
          this.#enter(++depth, child);
          continue;
        }
        const found = this.#atEnd(test, child, child);
        if (found !== 0) return this.#hit(found, depth, false);
      } else if (stage === FREE) {
        this.#cursorCount = 0;
        this.#openLeaf(node, node * LEAVES_PER_NODE + AT_FREE);
        this.#openLeaf(node, node * LEAVES_PER_NODE + AT_SUBTREE);
        const found = this.#firstMatch(test);
        if (found !== 0) return this.#hit(found, depth, true);
      } else {
        depth--;
      }
    }
    return 0;
  }

  #hit(record: number, depth: number, hasTail: boolean): number {
    this.#depth = depth;
    this.#hasTail = hasTail;
    return record;
  }

  /** Number of captures of the last hit in the tree: what `:` took, left to right, and the rest of the path at last. */
  captures(take: { capture(start: number, end: number): void }): void {
    const last = this.#hasTail ? this.#depth - 1 : this.#depth;
    for (let depth = 0; depth <= last; depth++) {
      // The stage was moved on when its step was begun.
      if (this.#stage[depth] === WILDCARD + 1) take.capture(this.#start[depth]!, this.#end[depth]!);
    }
    if (this.#hasTail) take.capture(this.#start[this.#depth]!, this.#path.length);
  }

  /** Begins at a point: the node that was reached, and the segment that comes next. */
  #enter(depth: number, node: number): void {
    if (depth === this.#segmentCount) this.#readSegment(depth);
    this.#node[depth] = node;
    this.#stage[depth] = LITERAL;
  }

  #readSegment(depth: number): void {
    if (depth === this.#start.length) this.#widen();
    const start = depth === 0 ? 1 : this.#end[depth - 1]! + 1;
    const slash = this.#path.indexOf("/", start);
    const end = slash < 0 ? this.#path.length : slash;
    this.#start[depth] = start;
    this.#end[depth] = end;
    this.#segmentCount = depth + 1;
  }

  /** Paths of more segments are rare; the arrays stay wide afterwards. */
  #widen(): void {
    const room = this.#start.length * 2;
    const wider = (old: Int32Array<ArrayBuffer>) => {
      const column = new Int32Array(room);
      column.set(old);
      return column;
    };
    this.#start = wider(this.#start);
    this.#end = wider(this.#end);
    this.#node = wider(this.#node);
    const stage = new Uint8Array(room);
    stage.set(this.#stage);
    this.#stage = stage;
  }

  /** The routes where a path ends: those of the node itself (0: there is none) and those of the subtree. */
  #atEnd(test: CandidateTest, exactNode: number, subtreeNode: number): number {
    this.#cursorCount = 0;
    if (exactNode !== 0) this.#openLeaf(exactNode, exactNode * LEAVES_PER_NODE + AT_EXACT);
    this.#openLeaf(subtreeNode, subtreeNode * LEAVES_PER_NODE + AT_SUBTREE);
    return this.#firstMatch(test);
  }

  #openLeaf(node: number, leaf: number): void {
    const flags = (this.#generation.nodeFlags[node]! >> ((leaf - node * LEAVES_PER_NODE) * FLAG_BITS)) & 7;
    if (flags === 0) return;
    const generation = this.#generation;
    // A leaf that is newer than this generation's columns has no chain that this version could see.
    if ((flags & HAS_REST) !== 0)
      this.#openChain(leaf < generation.restChains.length ? generation.restChains[leaf]! : 0);
    if ((flags & HAS_HOSTS) !== 0 && this.#hostLabel !== NO_LABEL) {
      this.#openChain(pairGet(generation.hostChains, leaf, this.#hostLabel));
    }
    if ((flags & HAS_WILDCARD_HOSTS) !== 0 && this.#wildcardHostLabel !== NO_LABEL) {
      this.#openChain(pairGet(generation.hostChains, leaf, this.#wildcardHostLabel));
    }
  }

  #openChain(newest: number): void {
    const generation = this.#generation;
    let chain = newest;
    while (chain !== 0 && generation.chainSince[chain]! > this.#version) chain = generation.chainBefore[chain]!;
    if (chain === 0) return;
    const entry = this.#skipInvisible(generation.chainHead[chain]!);
    if (entry !== 0) this.#cursors[this.#cursorCount++] = entry;
  }

  #skipInvisible(first: number): number {
    const generation = this.#generation;
    let entry = first;
    while (entry !== 0 && !isVisible(generation, generation.entryRecord[entry]!, this.#version)) {
      entry = generation.entryNext[entry]!;
    }
    return entry;
  }

  /** Merges the open chains and gives the first record that passes the test. */
  #firstMatch(test: CandidateTest): number {
    const { entryRecord, entryNext } = this.#generation;
    while (this.#cursorCount > 0) {
      let best = entryRecord[this.#cursors[0]!]!;
      for (let i = 1; i < this.#cursorCount; i++) {
        const record = entryRecord[this.#cursors[i]!]!;
        if (record !== best && compareRecords(this.#generation, record, best) < 0) best = record;
      }
      if (test.matches(best)) return best;
      // A route with several host names may stand in more than one chain; it is asked once.
      for (let i = this.#cursorCount - 1; i >= 0; i--) {
        const entry = this.#cursors[i]!;
        if (entryRecord[entry] !== best) continue;
        const next = this.#skipInvisible(entryNext[entry]!);
        if (next !== 0) this.#cursors[i] = next;
        else this.#cursors[i] = this.#cursors[--this.#cursorCount]!;
      }
    }
    return 0;
  }
}
