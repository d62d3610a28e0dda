// Turns of work in the main thread: between two of them something else gets a chance. A few objects that change while traffic goes on
// are worked on in short turns with a pause after each, in which the thread sleeps: where workers share its core, a request waits for
// one turn at most and not for all of them. Many objects are worked on without a pause, and only events come in between.

import { setTimeout as sleep } from "node:timers/promises";

export interface PaceTiming {
  /** Length of a turn in milliseconds: no less is worked in one go, and hardly more. */
  readonly turnMs: number;
  /** Pause after a turn in milliseconds; 0: only events that are due come in between. */
  readonly pauseMs: number;
}

/** For changes of a few objects. */
export const GENTLE: PaceTiming = { turnMs: 0.3, pauseMs: 1 };
/** For the first load and for changes of many. */
export const FAST: PaceTiming = { turnMs: 8, pauseMs: 0 };

export class Pace {
  readonly #timing: PaceTiming;
  #turnEnds: number;

  constructor(timing: PaceTiming) {
    this.#timing = timing;
    this.#turnEnds = performance.now() + timing.turnMs;
  }

  get isGentle(): boolean {
    return this.#timing.pauseMs > 0;
  }

  /** True when the turn is over: `pause` is due. */
  get isOver(): boolean {
    return performance.now() >= this.#turnEnds;
  }

  /** Ends the turn. */
  async pause(): Promise<void> {
    const { turnMs, pauseMs } = this.#timing;
    if (pauseMs > 0) await sleep(pauseMs);
    else await new Promise((resolve) => setImmediate(resolve));
    this.#turnEnds = performance.now() + turnMs;
  }
}
