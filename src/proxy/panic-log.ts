// Filters that throw: the first stacks are logged, then at most one a minute, so that a broken filter cannot fill a disk.

import type { Logger } from "../observability/log.ts";

const FIRST = 3;
const INTERVAL_MS = 60_000;

export class PanicLog {
  readonly #log: Logger;
  #count = 0;
  #nextMs = 0;

  constructor(log: Logger) {
    this.#log = log;
  }

  log(stack: string): void {
    this.report(`stacktrace of panic caused by: ${stack}`);
  }

  /** The same for a line of its own. */
  report(line: string): void {
    const now = performance.now();
    if (this.#count >= FIRST && now < this.#nextMs) return;
    this.#count++;
    this.#nextMs = now + INTERVAL_MS;
    this.#log.error(line);
  }
}
