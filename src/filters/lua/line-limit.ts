// Keeps what scripts write to the log within bounds: so many lines a second for each route, then a count of those left out.

import type { FilterEnv } from "../../spec/env.ts";

const LINES_PER_SECOND = 50;
const MAX_LENGTH = 4096;

export class LineLimit {
  readonly #log: FilterEnv["log"];
  readonly #now: () => number;
  #second = 0;
  #lines = 0;
  #suppressed = 0;

  constructor(log: FilterEnv["log"], now: () => number) {
    this.#log = log;
    this.#now = now;
  }

  write(level: "info" | "error", text: string): void {
    const second = Math.floor(this.#now() / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#lines = 0;
    }
    if (++this.#lines > LINES_PER_SECOND) {
      this.#suppressed++;
      return;
    }
    const shown = text.length > MAX_LENGTH ? `${text.slice(0, MAX_LENGTH)}...` : text;
    if (this.#suppressed === 0) this.#log[level](shown);
    else this.#log[level](shown, { suppressed: this.#suppressed });
    this.#suppressed = 0;
  }
}
