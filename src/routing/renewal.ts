// Routes that traffic uses are built anew when they change, before the next request asks for them: it would wait for that, and some
// hundred microseconds are much at the 99th percentile. A worker notices a new version when a request pins it, and then looks at the
// records that are new, between requests and a few at a time; what it costs does not depend on the size of the table.

import type { InstanceCache } from "./instance-cache.ts";
import type { MatchableRoute } from "./lookup.ts";
import { HEADER_RECORDS, HEADER_VERSION, isVisible, type TableGeneration } from "./table-generation.ts";

/** New records that one step looks at: some tens of microseconds. A step builds one route at most. */
const STEP_RECORDS = 1 << 11;

export class Renewal<T extends MatchableRoute> {
  readonly #cache: InstanceCache<T>;
  readonly #build: (generation: TableGeneration, record: number) => void;
  readonly #schedule: (step: () => void) => void;
  readonly #step = (): void => this.#run();
  #generation: TableGeneration | null = null;
  /** The version up to which all was looked at. */
  #version = 0;
  /** The first record of those that are being looked at, and the next one. */
  #from = 0;
  #at = 0;
  #isRunning = false;

  /** `build` puts the instance of a record into the cache as one that was not used yet; `schedule` runs a step between requests. */
  constructor(
    cache: InstanceCache<T>,
    build: (generation: TableGeneration, record: number) => void,
    schedule: (step: () => void) => void,
  ) {
    this.#cache = cache;
    this.#build = build;
    this.#schedule = schedule;
  }

  /** From now on records are those of this generation. In a new numbering only what is added from now on is looked at. */
  follow(generation: TableGeneration): void {
    const former = this.#generation;
    this.#generation = generation;
    if (former?.numbering === generation.numbering) return;
    this.#version = Atomics.load(generation.header, HEADER_VERSION);
    this.#from = Atomics.load(generation.header, HEADER_RECORDS);
    this.#at = this.#from;
  }

  /** Called for each request with the version that it sees. */
  notice(version: number): void {
    if (version === this.#version || this.#isRunning) return;
    this.#isRunning = true;
    this.#from = this.#at;
    this.#schedule(this.#step);
  }

  #run(): void {
    const generation = this.#generation!;
    const version = Atomics.load(generation.header, HEADER_VERSION);
    const end = Atomics.load(generation.header, HEADER_RECORDS);
    const stop = Math.min(end, this.#at + STEP_RECORDS);
    const record = this.#next(generation, version, stop);
    if (record < stop) this.#renew(generation, record);
    this.#at = Math.min(record + 1, stop);
    if (this.#at < end) {
      this.#schedule(this.#step);
    } else {
      this.#version = version;
      this.#isRunning = false;
    }
  }

  #next(generation: TableGeneration, version: number, stop: number): number {
    let record = this.#at;
    while (record < stop && !this.#isWanted(generation, version, record)) record++;
    return record;
  }

  /** True when the record took the place of one that requests asked for. */
  #isWanted(generation: TableGeneration, version: number, record: number): boolean {
    let former = generation.recordFormer[record]!;
    if (former === 0 || this.#cache.has(record) || !isVisible(generation, record, version)) return false;
    // The route may have changed more than once meanwhile.
    while (former > 0 && former >= this.#from && !this.#cache.has(former)) former = generation.recordFormer[former]!;
    return this.#cache.isUsed(former);
  }

  #renew(generation: TableGeneration, record: number): void {
    try {
      this.#build(generation, record);
    } catch {
      // A request that asks for the route meets the same error, and tells of it.
    }
  }
}
