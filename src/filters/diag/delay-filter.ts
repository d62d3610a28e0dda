// The common part of the filters that wait (spec filters 8): a phase, and a function that says how long.

import type { Filter } from "../../spec/filter.ts";
import { delay } from "./delay.ts";

/** A filter that waits `delayMs()` milliseconds in one phase; values that are not above zero do not wait. */
export function delayFilter(phase: "request" | "response", delayMs: () => number): Filter {
  return phase === "request"
    ? { request: (ctx) => delay(ctx, delayMs()) }
    : { response: (ctx) => delay(ctx, delayMs()) };
}
