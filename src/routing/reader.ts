// Hot path: no allocation in a lookup but the instance of a route that is met for the first time. Guarded by table.bench.ts.
//
// The routing table as a worker sees it: pins a version, finds the route of a request in it, keeps the built routes. It reads the
// shared columns without locks (table-generation.ts) and never writes to them.

import { parseRouteExpression } from "../eskip/parser.ts";
import type { PredicateRequest } from "../spec/predicate.ts";
import { accountFor } from "../util/shared-arena.ts";
import { treePath } from "./clean-path.ts";
import { type CachedRoute, InstanceCache } from "./instance-cache.ts";
import type { BuildRoute, MatchableRoute } from "./lookup.ts";
import type { LookupResult } from "./path-params.ts";
import { type PathPattern, pathPattern } from "./path-pattern.ts";
import { Renewal } from "./renewal.ts";
import { HEADER_VERSION, recordId, type TableGeneration } from "./table-generation.ts";
import { TreeWalk } from "./tree-walk.ts";

export { LookupResult } from "./path-params.ts";

/** The table that a request began with; owned by the caller, one for each request in flight. */
export class TablePin {
  generation: TableGeneration | null = null;
  version = 0;

  /** Lets the table go, so that its memory can be freed. */
  release(): void {
    this.generation = null;
    this.version = 0;
  }
}

/** Instances that one sweep looks at: some tens of microseconds. */
const SWEEP_STEP = 1 << 13;
/** Some 80 MB when all are in use. With fewer than a large ingress has routes, each miss costs ten times a lookup. */
const MAX_INSTANCES = 1 << 16;

export interface TableReaderOptions {
  readonly ignoreTrailingSlash: boolean;
  /** Built routes that are kept at most. */
  readonly maxInstances?: number;
  /** Runs a step of a renewal between requests. By default `setImmediate`. */
  readonly schedule?: (step: () => void) => void;
}

export class TableReader<T extends MatchableRoute> {
  readonly #buildRoute: BuildRoute<T>;
  readonly #ignoreTrailingSlash: boolean;
  readonly #cache: InstanceCache<T>;
  readonly #renewal: Renewal<T>;
  readonly #walk = new TreeWalk();
  #current: TableGeneration | null;
  /** Instances of routes that only requests of an older numbering still see; they go with the next sweep. */
  #leftover: T[] = [];
  /** Version that is being swept or was, and the next instance to look at; -1 when done. */
  #sweptVersion = 0;
  #sweepAt = -1;

  /** The lookup that runs. */
  #generation!: TableGeneration;
  #version = 0;
  #request!: PredicateRequest;
  #candidate!: CachedRoute<T>;

  constructor(build: BuildRoute<T>, options: TableReaderOptions, generation: TableGeneration | null = null) {
    this.#buildRoute = build;
    this.#ignoreTrailingSlash = options.ignoreTrailingSlash;
    this.#cache = new InstanceCache<T>(options.maxInstances ?? MAX_INSTANCES);
    this.#renewal = new Renewal(this.#cache, this.#renew.bind(this), options.schedule ?? setImmediate);
    this.#current = generation;
    if (generation !== null) this.#renewal.follow(generation);
  }

  /** Number of built routes that are kept. */
  get instances(): number {
    return this.#cache.size;
  }

  /** Takes a generation that the main thread published; requests that began before keep theirs. An older one is passed over. */
  adopt(generation: TableGeneration): void {
    const former = this.#current;
    if (former !== null && generation.serial <= former.serial) return;
    this.#current = generation;
    this.#renewal.follow(generation);
    if (former !== null && generation.numbering !== former.numbering) {
      accountFor(former, generation.replacedBytes);
      const renumbered = generation.numbering === former.numbering + 1 ? generation.renumbered : null;
      this.#cache.renumber((record) => renumbered?.[record] ?? 0);
      this.#sweptVersion = 0;
    }
  }

  /** Notes the table as it is now. */
  pin(pin: TablePin): void {
    const generation = this.#current;
    pin.generation = generation;
    if (generation === null) {
      pin.version = 0;
      return;
    }
    pin.version = Atomics.load(generation.header, HEADER_VERSION);
    this.#renewal.notice(pin.version);
  }

  #renew(generation: TableGeneration, record: number): void {
    const { instance, pattern } = this.#build(generation, record);
    this.#cache.add(record, instance, pattern, false);
  }

  /** The route for this request in the pinned table, or null. `result` gets its path parameters. */
  lookup(pin: TablePin, request: PredicateRequest, result: LookupResult): T | null {
    result.clear();
    const generation = pin.generation;
    if (generation === null) return null;
    this.#generation = generation;
    this.#version = pin.version;
    this.#request = request;
    const path = treePath(request.matchPath, this.#ignoreTrailingSlash);
    const walk = this.#walk;
    walk.begin(generation, pin.version, path, request.host);
    if (walk.findInTree(this) !== 0) {
      result.begin(path, this.#candidate.pattern);
      walk.captures(result);
    } else if (walk.findPathless(this) === 0) {
      return null;
    }
    return this.#candidate.instance;
  }

  /** Used by the walk: whether all predicates of a route at the right place hold. */
  matches(record: number): boolean {
    const candidate = this.#cached(record);
    this.#candidate = candidate;
    return candidate.instance.matches(this.#request);
  }

  #cached(record: number): CachedRoute<T> {
    const generation = this.#generation;
    const current = this.#current!;
    let key = record;
    if (generation.numbering !== current.numbering) {
      const isNext = current.numbering === generation.numbering + 1 && current.renumbered !== null;
      key = isNext ? (current.renumbered![record] ?? 0) : 0;
    }
    return (key === 0 ? undefined : this.#cache.get(key)) ?? this.#buildAsked(record, key);
  }

  #build(generation: TableGeneration, record: number): { readonly instance: T; readonly pattern: PathPattern } {
    const text = generation.segments[generation.recordSegment[record]!]!;
    const start = generation.recordStart[record]!;
    const end = generation.recordEnd[record]!;
    const route = parseRouteExpression(text, start, end, recordId(generation, record));
    return { instance: this.#buildRoute(route), pattern: pathPattern(route, this.#ignoreTrailingSlash) };
  }

  #buildAsked(record: number, key: number): CachedRoute<T> {
    const { instance, pattern } = this.#build(this.#generation, record);
    if (key === 0) {
      this.#leftover.push(instance);
      return { record, instance, pattern, used: true };
    }
    // A route that was removed meanwhile came in through an older pin: it must be swept out again.
    if (this.#isGone(key)) this.#sweptVersion = 0;
    return this.#cache.add(key, instance, pattern, true);
  }

  /** Instances that `isStale` names are built anew when they are asked for again. */
  drop(isStale: (instance: T) => boolean): void {
    this.#cache.drop(isStale);
  }

  #isGone(record: number): boolean {
    const generation = this.#current!;
    // Records that a compaction keeps aside were never added.
    if (generation.recordAdded[record] === 0) return true;
    const removed = generation.recordRemoved[record]!;
    return removed !== 0 && removed <= Atomics.load(generation.header, HEADER_VERSION);
  }

  /** Lets instances of removed routes go, a few at a time; the worker calls it now and then. True when nothing is left to do. */
  sweep(): boolean {
    const generation = this.#current;
    if (generation === null) return true;
    if (this.#leftover.length > 0) {
      const leftover = this.#leftover;
      this.#leftover = [];
      for (const instance of leftover) instance.release();
    }
    if (this.#sweepAt < 0) {
      const version = Atomics.load(generation.header, HEADER_VERSION);
      if (version === this.#sweptVersion) return true;
      this.#sweptVersion = version;
      this.#sweepAt = 0;
    }
    this.#sweepAt = this.#cache.sweep(this.#sweepAt, SWEEP_STEP, (record) => this.#isGone(record));
    return this.#sweepAt < 0 && Atomics.load(generation.header, HEADER_VERSION) === this.#sweptVersion;
  }
}
