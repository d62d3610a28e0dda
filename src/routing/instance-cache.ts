// Hot path: one Map lookup per candidate route. Guarded by table.bench.ts.
//
// The built routes of one worker, by record number: bounded, least recently used ones go first (second chance). An instance that
// leaves is released exactly once. Records that were removed from the table are swept out in small steps.

import type { MatchableRoute } from "./lookup.ts";
import type { PathPattern } from "./path-pattern.ts";

/** A built route and the names of its path parameters. */
export interface CachedRoute<T> {
  record: number;
  readonly instance: T;
  readonly pattern: PathPattern;
  /** True when it was asked for, since it was added or the hand passed last. */
  used: boolean;
}

export class InstanceCache<T extends MatchableRoute> {
  readonly #capacity: number;
  #byRecord = new Map<number, CachedRoute<T>>();
  readonly #ring: CachedRoute<T>[] = [];
  #hand = 0;

  constructor(capacity: number) {
    this.#capacity = Math.max(1, capacity);
  }

  get size(): number {
    return this.#ring.length;
  }

  get(record: number): CachedRoute<T> | undefined {
    const cached = this.#byRecord.get(record);
    if (cached !== undefined) cached.used = true;
    return cached;
  }

  has(record: number): boolean {
    return this.#byRecord.has(record);
  }

  /** True when the record was asked for since the hand passed last, or, where it was added as not used, at all. */
  isUsed(record: number): boolean {
    return this.#byRecord.get(record)?.used === true;
  }

  add(record: number, instance: T, pattern: PathPattern, used: boolean): CachedRoute<T> {
    const cached = { record, instance, pattern, used };
    this.#byRecord.set(record, cached);
    if (this.#ring.length < this.#capacity) {
      this.#ring.push(cached);
      return cached;
    }
    while (this.#ring[this.#hand]!.used) {
      this.#ring[this.#hand]!.used = false;
      this.#step();
    }
    const evicted = this.#ring[this.#hand]!;
    this.#ring[this.#hand] = cached;
    this.#step();
    this.#byRecord.delete(evicted.record);
    evicted.instance.release();
    return cached;
  }

  #step(): void {
    this.#hand = this.#hand + 1 === this.#ring.length ? 0 : this.#hand + 1;
  }

  /** Looks at up to `count` instances from `position` on and lets those go that `isGone` names. Gives the next position, -1 at the end. */
  sweep(position: number, count: number, isGone: (record: number) => boolean): number {
    let at = position;
    for (let i = 0; i < count; i++) {
      if (at >= this.#ring.length) return -1;
      const cached = this.#ring[at]!;
      if (isGone(cached.record)) this.#remove(at, cached);
      else at++;
    }
    return at >= this.#ring.length ? -1 : at;
  }

  /** Lets all instances go that `isStale` names. */
  drop(isStale: (instance: T) => boolean): void {
    for (let at = this.#ring.length - 1; at >= 0; at--) {
      const cached = this.#ring[at]!;
      if (isStale(cached.instance)) this.#remove(at, cached);
    }
  }

  #remove(at: number, cached: CachedRoute<T>): void {
    this.#byRecord.delete(cached.record);
    const last = this.#ring.pop()!;
    if (last !== cached) this.#ring[at] = last;
    if (this.#hand >= this.#ring.length) this.#hand = 0;
    cached.instance.release();
  }

  /** Records have new numbers: `renumber` gives the new one, 0 when the record is no more. */
  renumber(renumber: (record: number) => number): void {
    const byRecord = new Map<number, CachedRoute<T>>();
    for (let at = this.#ring.length - 1; at >= 0; at--) {
      const cached = this.#ring[at]!;
      const record = renumber(cached.record);
      if (record === 0) {
        this.#remove(at, cached);
        continue;
      }
      cached.record = record;
      byRecord.set(record, cached);
    }
    this.#byRecord = byRecord;
  }
}
