// Filters that throw: of each place in the code the first stacks are logged, then at most one a minute, so that a broken filter can
// neither fill a disk nor hide another one.

import type { Logger } from "../observability/log.ts";

const FIRST = 3;
const INTERVAL_MS = 60_000;
/** Places that are told apart; all others are one. */
const MAX_PLACES = 256;

export class PanicLog {
  readonly #log: Logger;
  readonly #places = new Map<string, { count: number; nextMs: number }>();

  constructor(log: Logger) {
    this.#log = log;
  }

  log(stack: string): void {
    this.report(`stacktrace of panic caused by: ${stack}`);
  }

  /** The same for a line of its own; `place` says which lines are of one kind. */
  report(line: string, place: string = placeOf(line)): void {
    const key = this.#places.has(place) || this.#places.size < MAX_PLACES ? place : "";
    const { count, nextMs } = this.#places.get(key) ?? { count: 0, nextMs: 0 };
    const now = performance.now();
    if (count >= FIRST && now < nextMs) return;
    this.#places.set(key, { count: count + 1, nextMs: now + INTERVAL_MS });
    this.#log.error(line);
  }
}

/** The innermost line of a stack, where it was thrown; not its message, which may come from a client. */
function placeOf(stack: string): string {
  return /^ {4}at .*/m.exec(stack)?.[0] ?? "";
}
