// tarpit: an answer that never ends (spec filters 7).

import { duration } from "../../spec/arg-kinds.ts";
import { one } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { LONGEST_TIMER_MS } from "../../util/longest-timer.ts";

const BLANK = Buffer.from(" ");

/** A duration of zero or less must not keep a worker busy: one blank per millisecond is the most. */
const MIN_DELAY_MS = 1;

export const tarpit = defineFilter({
  name: "tarpit",
  summary: "Answers with status 200 at once, then sends one blank per duration for ever.",
  details: "It ends when the client goes, or with the write timeout of the listener.",
  args: [one("every", duration)],
  examples: [{ route: '* -> tarpit("10s") -> <shunt>', expect: { status: 200 } }],
  create([every]) {
    const delayMs = Math.max(every, MIN_DELAY_MS);
    return {
      request(ctx) {
        ctx.serve(200, [], { [Symbol.asyncIterator]: () => blanks(delayMs) });
      },
    };
  },
});

/** Blanks without end; `return` also ends a wait, so that no timer outlives its client. */
function blanks(delayMs: number): AsyncIterator<Uint8Array> {
  let timer: NodeJS.Timeout | undefined;
  let wake: ((result: IteratorResult<Uint8Array>) => void) | undefined;
  return {
    next: () =>
      new Promise((resolve) => {
        wake = resolve;
        timer = setTimeout(() => resolve({ done: false, value: BLANK }), Math.min(delayMs, LONGEST_TIMER_MS));
      }),
    return: () => {
      clearTimeout(timer);
      wake?.({ done: true, value: undefined });
      return Promise.resolve({ done: true, value: undefined });
    },
  };
}
