// What all threads know about endpoints and the turns of load balanced routes, in shared memory: made by the main thread
// (endpoint-registry.ts), used by the workers (endpoints.ts). Lengths never change.
//
//   counts    for each column, for each slot: | in flight | requests | failed | unused |
//             a column has one writer, a worker; the last one is the main thread's and holds what ended workers had counted
//   figures   for each slot: | detected, ms since 1970 | last held, ms | drop probability | 1 - weight |
//   names     for each slot: | length | up to 255 bytes of host:port |
//
// Requests and failures only grow (and wrap around); the main thread knows what it has seen of them. The slot behind the last one
// belongs to all endpoints that found no room in the table: they take part in everything but health checks.

import {
  type SharedBytes,
  type SharedFloat64,
  type SharedInt32,
  sharedBytes,
  sharedFloat64,
  sharedInt32,
} from "../util/shared-arena.ts";
import { type SharedTableMemory, sharedTableMemory } from "../util/shared-table.ts";

export const COUNT_CELLS = 4;
export const IN_FLIGHT = 0;
export const REQUESTS = 1;
export const FAILED = 2;

export const FIGURE_CELLS = 4;
export const DETECTED = 0;
export const LAST_HELD = 1;
export const DROP = 2;
export const WEIGHT_LOSS = 3;

export const NAME_BYTES = 256;

/** Cell of `state`: endpoints with a drop probability above 0. */
export const UNHEALTHY = 0;

/** Endpoints that the process can tell apart, about. */
const ENDPOINTS = 16_384;
/** Turns of load balanced routes that are shared among workers; further routes take turns in each worker. */
const TURNS = 65_536;

/** Can be posted to workers. */
export interface EndpointMemory {
  /** Slots of endpoints by `host:port`. */
  readonly endpoints: SharedTableMemory;
  /** Slots of turns: one cell and one fraction each. */
  readonly turns: SharedTableMemory;
  readonly counts: SharedInt32;
  readonly figures: SharedFloat64;
  readonly names: SharedBytes;
  readonly state: SharedInt32;
  readonly columns: number;
  /** Part of the candidates that health checks may leave out, 0 to 1. */
  readonly maxUnhealthyRatio: number;
}

/** Memory for a process with this many workers. `seed`: any secret integer. */
export function endpointMemory(workers: number, maxUnhealthyRatio: number, seed: number): EndpointMemory {
  const endpoints = sharedTableMemory(ENDPOINTS, 0, 0, seed);
  const slots = endpoints.refs.length + 1;
  return {
    endpoints,
    turns: sharedTableMemory(TURNS, 1, 1, seed),
    counts: sharedInt32((workers + 1) * slots * COUNT_CELLS),
    figures: sharedFloat64(slots * FIGURE_CELLS),
    names: sharedBytes(slots * NAME_BYTES),
    state: sharedInt32(1),
    columns: workers + 1,
    maxUnhealthyRatio,
  };
}

/** The slot of endpoints without room, and the number of slots that the table has. */
export function overflowSlot(memory: EndpointMemory): number {
  return memory.endpoints.refs.length;
}

/** Cells of one column. */
export function columnCells(memory: EndpointMemory): number {
  return (overflowSlot(memory) + 1) * COUNT_CELLS;
}
