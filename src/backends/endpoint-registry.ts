// The owner of what the process knows about endpoints (spec resilience 7), in the main thread: makes the memory, gives each worker
// its column, judges the counts of a period once for all workers, forgets endpoints that nobody held for a minute. What a
// worker had in flight goes with it; what it had counted stays.

import type { Logger } from "../observability/log.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { randomSeed } from "../util/random-seed.ts";
import { SharedTable } from "../util/shared-table.ts";
import {
  COUNT_CELLS,
  columnCells,
  DROP,
  type EndpointMemory,
  endpointMemory,
  FAILED,
  FIGURE_CELLS,
  IN_FLIGHT,
  LAST_HELD,
  NAME_BYTES,
  overflowSlot,
  REQUESTS,
  UNHEALTHY,
  WEIGHT_LOSS,
} from "./endpoint-memory.ts";
import { Endpoints } from "./endpoints.ts";
import { type HealthSettings, judgeHealth } from "./passive-health.ts";

/** How long an endpoint that no built route names is remembered, and how often that is looked at. */
export const FORGET_AFTER_MS = 60_000;

export interface EndpointRegistryOptions {
  /** Largest number of workers at a time. */
  readonly workers: number;
  /** Null: no passive health checks. */
  readonly health: HealthSettings | null;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
}

/** What a worker makes its Endpoints of. */
export interface WorkerEndpoints {
  readonly memory: EndpointMemory;
  readonly column: number;
}

export class EndpointRegistry {
  readonly #options: EndpointRegistryOptions;
  readonly #memory: EndpointMemory;
  readonly #endpoints: SharedTable;
  readonly #turns: SharedTable;
  /** The endpoints as the main thread uses them; it counts nothing but what ended workers leave behind. */
  readonly endpoints: Endpoints;
  /** The worker that has a column, 0 for none. */
  readonly #workers: number[];
  /** Sums of requests and failures at the end of the last period, two cells a slot. */
  readonly #seen: Int32Array;
  readonly #timers: NodeJS.Timeout[] = [];

  constructor(options: EndpointRegistryOptions) {
    this.#options = options;
    const ratio = options.health?.maxUnhealthyEndpointsRatio ?? 1;
    this.#memory = endpointMemory(options.workers, ratio, randomSeed());
    this.#endpoints = new SharedTable(this.#memory.endpoints);
    this.#turns = new SharedTable(this.#memory.turns);
    this.endpoints = new Endpoints(this.#memory, options.workers);
    this.#workers = new Array<number>(options.workers).fill(0);
    this.#seen = new Int32Array(overflowSlot(this.#memory) * 2);
  }

  /** The share of a new worker; `worker` is a positive number that no other has. */
  addWorker(worker: number): WorkerEndpoints {
    const column = this.#workers.indexOf(0);
    if (column < 0)
      throw new Error(`worker ${worker} is one more than the ${this.#workers.length} that were announced`);
    this.#workers[column] = worker;
    return { memory: this.#memory, column };
  }

  /** The worker has ended: what it had in flight is no more. */
  retire(worker: number): void {
    const column = this.#workers.indexOf(worker);
    if (column < 0) return;
    const { counts } = this.#memory;
    const cells = columnCells(this.#memory);
    const from = column * cells;
    const to = this.#workers.length * cells;
    for (let at = 0; at < cells; at += COUNT_CELLS) {
      counts[to + at + REQUESTS] = counts[to + at + REQUESTS]! + counts[from + at + REQUESTS]!;
      counts[to + at + FAILED] = counts[to + at + FAILED]! + counts[from + at + FAILED]!;
    }
    counts.fill(0, from, from + cells);
    this.#workers[column] = 0;
  }

  /** Begins to judge and to forget. */
  start(): void {
    const { health } = this.#options;
    if (health !== null) this.#every(health.periodMs, () => this.judge(health));
    this.#every(FORGET_AFTER_MS, () => this.forget());
  }

  #every(ms: number, run: () => void): void {
    this.#timers.push(setInterval(run, Math.min(ms, LONGEST_TIMER_MS)).unref());
  }

  stop(): void {
    for (const timer of this.#timers) clearInterval(timer);
    this.#timers.length = 0;
  }

  /** Ends a period: every endpoint is judged by what happened in it. */
  judge(settings: HealthSettings): void {
    const { endpoints, figures, state } = this.#memory;
    let unhealthy = 0;
    for (let slot = 0; slot < endpoints.low.length; slot++) {
      if (endpoints.low[slot] === 0) continue;
      const health = judgeHealth(settings, this.#since(slot, REQUESTS), this.#since(slot, FAILED));
      figures[slot * FIGURE_CELLS + DROP] = health.drop;
      figures[slot * FIGURE_CELLS + WEIGHT_LOSS] = 1 - health.weight;
      if (health.drop === 0) continue;
      unhealthy++;
      const ratio = health.failureRatio.toFixed(2);
      this.#options.log.info(
        `Passive health check: marking "${this.#name(slot)}" as unhealthy due to failed round trips ratio: ${ratio}`,
      );
    }
    Atomics.store(state, UNHEALTHY, unhealthy);
  }

  /** What was counted since the last call. */
  #since(slot: number, cell: number): number {
    const sum = this.#sum(slot, cell);
    const at = slot * 2 + cell - REQUESTS;
    const count = (sum - this.#seen[at]!) | 0;
    this.#seen[at] = sum;
    return count;
  }

  #sum(slot: number, cell: number): number {
    const { counts } = this.#memory;
    const cells = columnCells(this.#memory);
    let sum = 0;
    for (let at = slot * COUNT_CELLS + cell; at < counts.length; at += cells) sum = (sum + counts[at]!) | 0;
    return sum;
  }

  #name(slot: number): string {
    const at = slot * NAME_BYTES;
    const { names } = this.#memory;
    return Buffer.from(names.slice(at + 1, at + 1 + names[at]!)).toString();
  }

  /** Forgets the endpoints that no built route named for a minute, and the turns of routes that are gone. */
  forget(): void {
    const before = this.#options.now() - FORGET_AFTER_MS;
    const { counts, figures, names } = this.#memory;
    const cells = columnCells(this.#memory);
    this.#endpoints.reclaim((slot) => {
      if (figures[slot * FIGURE_CELLS + LAST_HELD]! > before || this.#sum(slot, IN_FLIGHT) !== 0) return false;
      figures.fill(0, slot * FIGURE_CELLS, (slot + 1) * FIGURE_CELLS);
      for (let at = slot * COUNT_CELLS; at < counts.length; at += cells) counts.fill(0, at, at + COUNT_CELLS);
      names[slot * NAME_BYTES] = 0;
      this.#seen.fill(0, slot * 2, slot * 2 + 2);
      return true;
    });
    this.#turns.reclaim();
  }
}
