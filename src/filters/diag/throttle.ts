// Body transforms that slow a body down (spec filters 8): bandwidth by a rate, chunks by a pause after each so many bytes.

import type { BodyTransform } from "../../spec/context.ts";
import { LONGEST_TIMER_MS } from "../../util/longest-timer.ts";

/** Pause after every `unitBytes` bytes, and one before the first byte. */
export interface Throttle {
  /** Infinity: only the pause before the first byte. */
  readonly unitBytes: number;
  readonly pauseMs: number;
  /** True: the time that the unit took counts for its pause. */
  readonly isRate: boolean;
}

/** A fresh transform for one body. */
export function throttle({ unitBytes, pauseMs, isRate }: Throttle): BodyTransform {
  let begun = false;
  let inUnit = 0;
  let unitStartMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const pause = async (): Promise<void> => {
    const waitMs = isRate ? pauseMs - (performance.now() - unitStartMs) : pauseMs;
    if (waitMs > 0) {
      await new Promise((resolve) => {
        timer = setTimeout(resolve, Math.min(waitMs, LONGEST_TIMER_MS));
      });
    }
    unitStartMs = performance.now();
  };
  return {
    keepsLength: true,
    async *write(chunk) {
      if (!begun) {
        begun = true;
        unitStartMs = performance.now();
        await pause();
      }
      for (let at = 0; at < chunk.length; ) {
        const end = Math.min(chunk.length, at + unitBytes - inUnit);
        yield chunk.subarray(at, end);
        inUnit += end - at;
        at = end;
        if (inUnit < unitBytes) continue;
        inUnit = 0;
        await pause();
      }
    },
    end: () => null,
    destroy: () => clearTimeout(timer),
  };
}
