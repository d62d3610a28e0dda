// Body transforms that slow a body down (spec filters 8): bandwidth by a rate, chunks by a pause after each so many bytes. The body
// goes on in pieces of that size. A piece goes when the pause behind it is over: the client of a body with a length sees no other
// end of that pause.

import type { BodyTransform } from "../../spec/context.ts";

/** Pause after every `unitBytes` bytes, and one before the first byte. */
export interface Throttle {
  /** Infinity: only the pause before the first byte. */
  readonly unitBytes: number;
  readonly pauseMs: number;
  /** True: the time that the bytes took to come is part of their pause. */
  readonly isRate: boolean;
}

/** A fresh transform for one body. */
export function throttle({ unitBytes, pauseMs, isRate }: Throttle): BodyTransform {
  /** When the last pause is over; NaN before the first byte. */
  let freeMs = Number.NaN;
  let inUnit = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    maxPieceBytes: unitBytes,
    write(chunk) {
      const now = performance.now();
      if (Number.isNaN(freeMs)) freeMs = now + pauseMs;
      inUnit += chunk.length;
      if (inUnit >= unitBytes) {
        inUnit -= unitBytes;
        freeMs = (isRate ? freeMs : Math.max(freeMs, now)) + pauseMs;
      }
      const waitMs = freeMs - now;
      // A source that is slower than the rate does not save time for later.
      if (waitMs <= 0) freeMs = now;
      return waitMs <= 0
        ? chunk
        : new Promise((resolve) => {
            timer = setTimeout(() => resolve(chunk), waitMs);
          });
    },
    end: () => null,
    destroy: () => clearTimeout(timer),
  };
}
