// A warning about something that a client can cause with every request: written at most once in a while, with the number of those that
// were not.

import type { FilterEnv } from "../../spec/env.ts";

const PAUSE_MS = 10_000;

export class RareWarning {
  readonly #env: FilterEnv;
  #lastMs = Number.NEGATIVE_INFINITY;
  #unsaid = 0;

  constructor(env: FilterEnv) {
    this.#env = env;
  }

  write(message: string): void {
    const now = this.#env.now();
    if (now - this.#lastMs < PAUSE_MS) {
      this.#unsaid++;
      return;
    }
    this.#env.log.warn(this.#unsaid === 0 ? message : `${message} (and ${this.#unsaid} more since the last line)`);
    this.#lastMs = now;
    this.#unsaid = 0;
  }
}
