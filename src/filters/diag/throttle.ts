// Body transforms that slow a body down (spec filters 8): bandwidth by a rate, chunks by a pause after each so many bytes.

import type { BodyTransform } from "../../spec/context.ts";

/** Pause after every `unitBytes` bytes, and one before the first byte. */
export interface Throttle {
  /** Infinity: only the pause before the first byte. */
  readonly unitBytes: number;
  readonly pauseMs: number;
  /** The time that the taker needed for the unit counts for the pause. */
  readonly countsTaking: boolean;
}

/** A fresh transform for one body. */
export function throttle({ unitBytes, pauseMs, countsTaking }: Throttle): BodyTransform {
  let begun = false;
  let inUnit = 0;
  let unitStartMs = 0;
  let timer: NodeJS.Timeout | undefined;
  const pause = async (): Promise<void> => {
    const waitMs = countsTaking ? pauseMs - (performance.now() - unitStartMs) : pauseMs;
    if (waitMs > 0) {
      await new Promise((resolve) => {
        timer = setTimeout(resolve, waitMs);
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
