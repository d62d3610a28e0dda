// Whether the event loop of a worker still turns: it counts in shared memory, the main thread looks. A loop in the code of a plugin
// cannot be ended from within, so the supervisor replaces such a worker. Time in which the whole process stood still does not count.

const BEAT_MS = 500;

/** The cell that a worker counts in. */
export type HeartbeatCell = Int32Array<SharedArrayBuffer>;

export function newHeartbeat(): HeartbeatCell {
  return new Int32Array(new SharedArrayBuffer(4));
}

/** In the worker; the timer ends with the thread and does not keep it alive. */
export function beat(cell: HeartbeatCell): void {
  setInterval(() => Atomics.add(cell, 0, 1), BEAT_MS).unref();
}

/** In the main thread: calls `onStall` once for each member whose count has not moved for `limitMs`. */
export class StallWatch<W> {
  readonly #looks: number;
  readonly #onStall: (worker: W) => void;
  readonly #watched = new Map<W, { readonly cell: HeartbeatCell; count: number; missed: number }>();
  readonly #timer: NodeJS.Timeout;

  constructor(limitMs: number, onStall: (worker: W) => void) {
    this.#looks = Math.max(2, Math.ceil(limitMs / BEAT_MS));
    this.#onStall = onStall;
    this.#timer = setInterval(() => this.#look(), BEAT_MS).unref();
  }

  add(worker: W, cell: HeartbeatCell): void {
    this.#watched.set(worker, { cell, count: 0, missed: 0 });
  }

  remove(worker: W): void {
    this.#watched.delete(worker);
  }

  stop(): void {
    clearInterval(this.#timer);
  }

  #look(): void {
    for (const [worker, watched] of this.#watched) {
      const count = Atomics.load(watched.cell, 0);
      // A worker that still starts has not begun to count.
      watched.missed = count === watched.count && count !== 0 ? watched.missed + 1 : 0;
      watched.count = count;
      if (watched.missed < this.#looks) continue;
      this.#watched.delete(worker);
      this.#onStall(worker);
    }
  }
}
