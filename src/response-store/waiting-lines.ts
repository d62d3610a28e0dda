// Waiting lines: what refreshes of one filter stand in, so that one runs at a time in the whole process. A line is a ring of places in
// shared memory, each with the worker that stands there; whose turn it is follows from two numbers. Joining and leaving happen under
// the lock of the shard; who waits looks at the number of the turn (Atomics.waitAsync). The main thread takes a dead worker out.

import type { StoreKey } from "../spec/response-store.ts";
import {
  LINE_CELLS,
  LINE_END,
  LINE_KEY,
  LINE_PLACES,
  LINE_RING,
  LINE_TURN,
  LINES,
  type StoreMemory,
} from "./store-memory.ts";

/** The one whose turn it is, and those that wait. */
const LIMIT = 1 + 256;

/** A place in a line; numbers go on from one use of the line to the next. */
export interface LinePlace {
  readonly at: number;
  readonly number: number;
}

export class WaitingLines {
  readonly #cells: Int32Array;

  constructor(memory: StoreMemory, shard: number) {
    const length = LINES * LINE_CELLS;
    this.#cells = memory.lines.subarray(shard * length, (shard + 1) * length);
  }

  /** Under the lock of the shard: the last place of the line with this key; null when it is full, or when there is no line left. */
  join(key: StoreKey, owner: number): LinePlace | null {
    const cells = this.#cells;
    let found = -1;
    for (let at = 0; at < cells.length; at += LINE_CELLS) {
      const isEmpty = cells[at + LINE_TURN] === cells[at + LINE_END];
      if (!isEmpty && cells[at + LINE_KEY] === key[2] && cells[at + LINE_KEY + 1] === key[3]) {
        found = at;
        break;
      }
      if (isEmpty && found < 0) found = at;
    }
    if (found < 0) return null;
    const number = cells[found + LINE_END]!;
    if (((number - cells[found + LINE_TURN]!) | 0) >= LIMIT) return null;
    cells[found + LINE_KEY] = key[2]!;
    cells[found + LINE_KEY + 1] = key[3]!;
    cells[placeOf(found, number)] = owner;
    // The last step: a thread that dies before it leaves the line as it was.
    cells[found + LINE_END] = (number + 1) | 0;
    return { at: found, number };
  }

  /** Under the lock of the shard: makes way; without effect on a place that was taken out already. */
  leave({ at, number }: LinePlace, owner: number): void {
    if (this.#cells[placeOf(at, number)] === owner && this.#isInLine(at, number)) {
      this.#cells[placeOf(at, number)] = 0;
      this.#advance(at);
    }
  }

  /** Under the lock of the shard: the worker with this id has died. */
  leaveAllOf(owner: number): void {
    for (let at = 0; at < this.#cells.length; at += LINE_CELLS) {
      this.#eachOf(at, owner, (cell) => {
        this.#cells[cell] = 0;
      });
      this.#advance(at);
    }
  }

  /** Whether the worker with this id stands in a line; readable without the lock, as long as it is dead. */
  hasOne(owner: number): boolean {
    let found = false;
    for (let at = 0; at < this.#cells.length; at += LINE_CELLS) {
      this.#eachOf(at, owner, () => {
        found = true;
      });
    }
    return found;
  }

  /** Waits, without the lock, until all before this place have left. */
  async turn({ at, number }: LinePlace): Promise<void> {
    const cell = at + LINE_TURN;
    for (;;) {
      const now = Atomics.load(this.#cells, cell);
      if (((number - now) | 0) <= 0) return;
      await Atomics.waitAsync(this.#cells, cell, now).value;
    }
  }

  #eachOf(at: number, owner: number, use: (cell: number) => void): void {
    const cells = this.#cells;
    for (let n = Atomics.load(cells, at + LINE_TURN); n !== Atomics.load(cells, at + LINE_END); n = (n + 1) | 0) {
      if (cells[placeOf(at, n)] === owner) use(placeOf(at, n));
    }
  }

  #isInLine(at: number, number: number): boolean {
    const turn = this.#cells[at + LINE_TURN]!;
    return ((number - turn) | 0) >= 0 && ((this.#cells[at + LINE_END]! - number) | 0) > 0;
  }

  /** The turn goes to the next one that is still there. */
  #advance(at: number): void {
    const cells = this.#cells;
    const before = cells[at + LINE_TURN]!;
    let turn = before;
    while (turn !== cells[at + LINE_END] && cells[placeOf(at, turn)] === 0) turn = (turn + 1) | 0;
    if (turn === before) return;
    Atomics.store(cells, at + LINE_TURN, turn);
    Atomics.notify(cells, at + LINE_TURN);
  }
}

function placeOf(at: number, number: number): number {
  return at + LINE_PLACES + (number & (LINE_RING - 1));
}
