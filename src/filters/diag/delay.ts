// Waiting in a filter: a step that returns nothing when there is nothing to wait for.

import type { FilterContext } from "../../spec/context.ts";
import { LONGEST_TIMER_MS } from "../../util/longest-timer.ts";

/** A promise for later, undefined when `ms` is not above zero. It stays open when the exchange ends before: its timer goes then. */
export function delay(ctx: Pick<FilterContext, "atEnd">, ms: number): Promise<void> | undefined {
  if (!(ms > 0)) return undefined;
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, Math.min(ms, LONGEST_TIMER_MS));
    ctx.atEnd(() => clearTimeout(timer));
  });
}
