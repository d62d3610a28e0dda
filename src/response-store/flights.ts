// Single flight: one request of a key calls the backend, the others wait for what becomes of it, in whatever worker they are. A
// flight is a slot of its shard; followers wait for its sequence number to change (Atomics.waitAsync), whose two low bits say how the
// last flight ended. Nobody waits longer than it asked for, and the main thread lands the flights of a worker that died.
// Marks keep, for a few seconds, the keys whose answers could not be stored, so that nobody waits for such an answer in vain.

import type { FlightOutcome, StoreKey } from "../spec/response-store.ts";
import {
  FLIGHT_CELLS,
  FLIGHT_KEY,
  FLIGHT_OWNER,
  FLIGHT_SEQUENCE,
  FLIGHT_STARTED,
  FLIGHTS,
  MARK_CELLS,
  MARK_KEY,
  MARK_REMOVALS,
  MARK_UNTIL,
  MARKS,
  type StoreMemory,
} from "./store-memory.ts";

/** For so long nobody waits for an answer under a key that gave an unstorable one. */
const UNSTORABLE_SECONDS = 10;

const OUTCOMES: readonly FlightOutcome[] = ["stored", "abandoned", "failed", "unstorable"];
const OUTCOME_BITS = 3;
const SEQUENCE_STEP = 4;

/** A slot with the sequence number that a flight has in it. */
export interface FlightSlot {
  readonly at: number;
  readonly sequence: number;
  readonly leads: boolean;
}

export class Flights {
  readonly #cells: Int32Array;
  readonly #marks: Int32Array;

  constructor(memory: StoreMemory, shard: number) {
    const length = FLIGHTS * FLIGHT_CELLS;
    this.#cells = memory.flights.subarray(shard * length, (shard + 1) * length);
    this.#marks = memory.marks.subarray(shard * MARKS * MARK_CELLS, (shard + 1) * MARKS * MARK_CELLS);
  }

  /** Under the lock of the shard: the place of a request among those of its key; null when it does not wait and nobody waits for it. */
  join(key: StoreKey, owner: number, nowMs: number, waitMs: number): FlightSlot | null {
    const mark = markOf(key);
    if (this.#marks[mark + MARK_KEY] === key[5] && this.#marks[mark + MARK_UNTIL]! > Math.floor(nowMs / 1000)) {
      return null;
    }
    const cells = this.#cells;
    let free = -1;
    for (let at = 0; at < cells.length; at += FLIGHT_CELLS) {
      if (cells[at + FLIGHT_OWNER] === 0) {
        if (free < 0) free = at;
      } else if (cells[at + FLIGHT_KEY] === key[2] && cells[at + FLIGHT_KEY + 1] === key[3]) {
        // Differences of 32 bits: right as long as no flight lasts for weeks.
        const age = (nowMs - cells[at + FLIGHT_STARTED]!) | 0;
        if (age < waitMs) return { at, sequence: Atomics.load(cells, at + FLIGHT_SEQUENCE), leads: false };
        this.#advance(at, "abandoned");
        return this.#start(at, key, owner, nowMs);
      }
    }
    return free < 0 ? null : this.#start(free, key, owner, nowMs);
  }

  #start(at: number, key: StoreKey, owner: number, nowMs: number): FlightSlot {
    const cells = this.#cells;
    cells[at + FLIGHT_KEY] = key[2]!;
    cells[at + FLIGHT_KEY + 1] = key[3]!;
    cells[at + FLIGHT_STARTED] = nowMs | 0;
    cells[at + FLIGHT_OWNER] = owner;
    return { at, sequence: Atomics.load(cells, at + FLIGHT_SEQUENCE), leads: true };
  }

  /** Under the lock of the shard: the flight has ended. Without effect when another took its slot over. */
  land(slot: FlightSlot, key: StoreKey, outcome: FlightOutcome, nowMs: number): void {
    if (Atomics.load(this.#cells, slot.at + FLIGHT_SEQUENCE) !== slot.sequence) return;
    const mark = markOf(key);
    if (outcome === "unstorable") {
      this.#marks[mark + MARK_KEY] = key[5]!;
      this.#marks[mark + MARK_UNTIL] = Math.floor(nowMs / 1000) + UNSTORABLE_SECONDS;
    } else if (outcome === "stored" && this.#marks[mark + MARK_KEY] === key[5]) {
      this.#marks[mark + MARK_UNTIL] = 0;
    }
    this.#cells[slot.at + FLIGHT_OWNER] = 0;
    this.#advance(slot.at, outcome);
  }

  /** Under the lock of the shard: the worker with this id has died. */
  landAllOf(owner: number): void {
    for (let at = 0; at < this.#cells.length; at += FLIGHT_CELLS) {
      if (this.#cells[at + FLIGHT_OWNER] !== owner) continue;
      this.#cells[at + FLIGHT_OWNER] = 0;
      this.#advance(at, "abandoned");
    }
  }

  /** Whether the worker with this id leads a flight; readable without the lock. */
  hasOne(owner: number): boolean {
    for (let at = 0; at < this.#cells.length; at += FLIGHT_CELLS) {
      if (this.#cells[at + FLIGHT_OWNER] === owner) return true;
    }
    return false;
  }

  #advance(at: number, outcome: FlightOutcome): void {
    const cell = at + FLIGHT_SEQUENCE;
    const next = ((this.#cells[cell]! & ~OUTCOME_BITS) + SEQUENCE_STEP) | OUTCOMES.indexOf(outcome);
    Atomics.store(this.#cells, cell, next);
    Atomics.notify(this.#cells, cell);
  }

  /** Waits for the end of a flight, without the lock. */
  async landed(slot: FlightSlot, waitMs: number): Promise<FlightOutcome | "late"> {
    const cell = slot.at + FLIGHT_SEQUENCE;
    await Atomics.waitAsync(this.#cells, cell, slot.sequence, waitMs).value;
    const now = Atomics.load(this.#cells, cell);
    if (now === slot.sequence) return "late";
    // After several flights nobody knows how this one ended: the caller looks again.
    return (now >> 2) - (slot.sequence >> 2) === 1 ? OUTCOMES[now & OUTCOME_BITS]! : "abandoned";
  }

  removals(key: StoreKey): number {
    return Atomics.load(this.#marks, markOf(key) + MARK_REMOVALS);
  }

  removed(key: StoreKey): void {
    Atomics.add(this.#marks, markOf(key) + MARK_REMOVALS, 1);
  }
}

function markOf(key: StoreKey): number {
  return (key[4]! & (MARKS - 1)) * MARK_CELLS;
}
