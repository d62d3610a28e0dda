// Waiting in a filter: a step that returns nothing when there is nothing to wait for.

import { setTimeout as sleep } from "node:timers/promises";

/** A promise for later, undefined when `ms` is not above zero. */
export function delay(ms: number): Promise<void> | undefined {
  return ms > 0 ? sleep(ms) : undefined;
}
