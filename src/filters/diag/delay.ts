// Waiting in a filter: a step that returns nothing when there is nothing to wait for.

import { LONGEST_TIMER_MS } from "../../util/longest-timer.ts";

/** A promise for later, undefined when `ms` is not above zero. */
export function delay(ms: number): Promise<void> | undefined {
  return ms > 0 ? new Promise((resolve) => setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS))) : undefined;
}
