// Hot path: 10 ns to count an attempt. Guarded by load-balancer.bench.ts.
//
// The endpoints of the process as a worker sees them, by host:port: requests in flight, health counts, weight, drop probability,
// time of detection (spec resilience 7). It writes the counts of its own column alone, with plain stores, and reads all; a count is
// exact once the worker is idle. Slots are held as long as a built route names the endpoint.

import { splitBackendAddress } from "../eskip/url.ts";
import type { SharedBytes, SharedFloat64, SharedInt32 } from "../util/shared-arena.ts";
import { SharedTable } from "../util/shared-table.ts";
import {
  COUNT_CELLS,
  columnCells,
  DETECTED,
  DROP,
  type EndpointMemory,
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

/** `host:port` of an endpoint's address, lower case, with the port of the scheme when it names none; "" for no address. */
export function endpointKey(address: string): string {
  const split = splitBackendAddress(address);
  if ("error" in split) return "";
  const host = split.hostname.includes(":") ? `[${split.hostname}]` : split.hostname;
  return `${host}:${split.port}`;
}

export class Endpoints {
  readonly maxUnhealthyRatio: number;
  /** The counters that routes share for their turns. */
  readonly turns: SharedTable;
  /** Secret of the process, so that turns begin anywhere. */
  readonly seed: number;
  readonly #counts: SharedInt32;
  readonly #figures: SharedFloat64;
  readonly #names: SharedBytes;
  readonly #state: SharedInt32;
  readonly #table: SharedTable;
  readonly #overflow: number;
  /** Cells of a column, and the first one of this worker's. */
  readonly #stride: number;
  readonly #own: number;

  /** `column`: that of this worker, from 0; no other thread has it. */
  constructor(memory: EndpointMemory, column: number) {
    this.#counts = memory.counts;
    this.#figures = memory.figures;
    this.#names = memory.names;
    this.#state = memory.state;
    this.#table = new SharedTable(memory.endpoints);
    this.turns = new SharedTable(memory.turns);
    this.seed = memory.turns.seed;
    this.maxUnhealthyRatio = memory.maxUnhealthyRatio;
    this.#overflow = overflowSlot(memory);
    this.#stride = columnCells(memory);
    this.#own = column * this.#stride;
  }

  /** The slot of an endpoint, held until `release`. The first one who asks has detected it. */
  acquire(key: string, nowMs: number): number {
    const slot = this.#table.slot(key);
    if (slot < 0) return this.#overflow;
    const figures = this.#figures;
    if (figures[slot * FIGURE_CELLS + DETECTED] === 0) figures[slot * FIGURE_CELLS + DETECTED] = nowMs;
    const at = slot * NAME_BYTES;
    const name = Buffer.from(key).subarray(0, NAME_BYTES - 1);
    this.#names.set(name, at + 1);
    Atomics.store(this.#names, at, name.length);
    return slot;
  }

  release(slot: number, nowMs: number): void {
    if (slot === this.#overflow) return;
    this.#figures[slot * FIGURE_CELLS + LAST_HELD] = nowMs;
    this.#table.release(slot);
  }

  /** An attempt begins. */
  began(slot: number): void {
    const at = this.#own + slot * COUNT_CELLS + IN_FLIGHT;
    this.#counts[at] = this.#counts[at]! + 1;
  }

  /** The response head arrived. */
  answered(slot: number): void {
    const at = this.#own + slot * COUNT_CELLS;
    const counts = this.#counts;
    counts[at + REQUESTS] = counts[at + REQUESTS]! + 1;
    counts[at + IN_FLIGHT] = counts[at + IN_FLIGHT]! - 1;
  }

  /** The attempt ended without a response head. */
  failed(slot: number): void {
    const at = this.#own + slot * COUNT_CELLS + FAILED;
    this.#counts[at] = this.#counts[at]! + 1;
    this.answered(slot);
  }

  /** The attempt was given up: it says nothing about the endpoint. */
  canceled(slot: number): void {
    const at = this.#own + slot * COUNT_CELLS + IN_FLIGHT;
    this.#counts[at] = this.#counts[at]! - 1;
  }

  /** Attempts of all workers that wait for a response head. */
  inFlight(slot: number): number {
    const counts = this.#counts;
    let sum = 0;
    for (let at = slot * COUNT_CELLS + IN_FLIGHT; at < counts.length; at += this.#stride) sum += counts[at]!;
    return sum;
  }

  /** True when health checks found an endpoint of the process that should get less. */
  get anyUnhealthy(): boolean {
    return Atomics.load(this.#state, UNHEALTHY) > 0;
  }

  /** 0 to 1: the part of the requests that this endpoint should not get. */
  dropProbability(slot: number): number {
    return this.#figures[slot * FIGURE_CELLS + DROP]!;
  }

  /** 1 for a healthy endpoint, down to 0. */
  weight(slot: number): number {
    return 1 - this.#figures[slot * FIGURE_CELLS + WEIGHT_LOSS]!;
  }

  /** Since when the endpoint is known, ms since 1970. */
  detectedMs(slot: number): number {
    return this.#figures[slot * FIGURE_CELLS + DETECTED]!;
  }

  /** The endpoint was made at this time: it counts when it is later than what is known. */
  created(slot: number, createdMs: number): void {
    if (slot !== this.#overflow && createdMs > this.detectedMs(slot)) {
      this.#figures[slot * FIGURE_CELLS + DETECTED] = createdMs;
    }
  }
}
