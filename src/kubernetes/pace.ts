// Turns of work in the main thread: between two of them events that are due come in. A few objects that change while traffic goes on
// are worked on gently: after each small piece workers that share the thread's core get their chance, so that a request waits for one
// piece at most and not for all of them. Many objects are worked on as fast as can be.

import { yieldCore } from "../util/yield-core.ts";

/** Length of a turn in milliseconds. */
const TURN_MS = 8;

export class Pace {
  readonly #isGentle: boolean;
  #turnEnds = performance.now() + TURN_MS;

  constructor(isGentle: boolean) {
    this.#isGentle = isGentle;
  }

  /** Between two pieces of work. */
  step(): void {
    if (this.#isGentle) yieldCore();
  }

  /** True when the turn is over: `pause` is due. */
  get isOver(): boolean {
    return performance.now() >= this.#turnEnds;
  }

  /** Ends the turn. */
  async pause(): Promise<void> {
    await new Promise((resolve) => setImmediate(resolve));
    this.#turnEnds = performance.now() + TURN_MS;
  }
}

/** The same items, with a step before each. */
export function* stepwise<T>(items: Iterable<T>, pace: Pace): Generator<T> {
  for (const item of items) {
    pace.step();
    yield item;
  }
}
