// Body transforms that slow a body down (spec filters 8): bandwidth by a rate, chunks by a pause after each so many bytes. What
// came in is passed on whole when its time is over; the total time is that of the sum of all pauses.

import type { BodyTransform } from "../../spec/context.ts";

/** Pause after every `unitBytes` bytes, and one before the first byte. */
export interface Throttle {
  /** Infinity: only the pause before the first byte. */
  readonly unitBytes: number;
  readonly pauseMs: number;
}

/** A fresh transform for one body. */
export function throttle({ unitBytes, pauseMs }: Throttle): BodyTransform {
  let begun = false;
  let inUnit = 0;
  let timer: NodeJS.Timeout | undefined;
  return {
    write(chunk) {
      let pauses = begun ? 0 : 1;
      begun = true;
      inUnit += chunk.length;
      const units = Math.floor(inUnit / unitBytes);
      if (units > 0) {
        pauses += units;
        inUnit -= units * unitBytes;
      }
      const waitMs = pauses * pauseMs;
      if (waitMs <= 0) return chunk;
      return new Promise((resolve) => {
        timer = setTimeout(() => resolve(chunk), waitMs);
      });
    },
    end: () => null,
    destroy: () => clearTimeout(timer),
  };
}
