// A log for what may go wrong with every request: one line a second, which tells how many it stands for.

import type { FilterEnv } from "../../spec/env.ts";

const PAUSE_MS = 1000;

export class LimitedLog {
  readonly #write: (line: string) => void;
  readonly #now: () => number;
  #lastMs = Number.NEGATIVE_INFINITY;
  #unwritten = 0;

  constructor(env: FilterEnv, level: "warn" | "error") {
    this.#write = (line) => env.log[level](line);
    this.#now = env.now;
  }

  write(line: string): void {
    const nowMs = this.#now();
    if (nowMs - this.#lastMs < PAUSE_MS) {
      this.#unwritten++;
      return;
    }
    this.#write(this.#unwritten === 0 ? line : `${line} (and ${this.#unwritten} more before)`);
    this.#lastMs = nowMs;
    this.#unwritten = 0;
  }
}
