// The common part of bandwidth, backendBandwidth, chunks and backendChunks (spec filters 8).

import type { Filter } from "../../spec/filter.ts";
import { type Throttle, throttle } from "./throttle.ts";

/** Bytes after which the bandwidth filters pause. */
const UNIT_BYTES = 512;
/** Above this rate (kilobytes per second) the pause would be below a millisecond. */
const MAX_KBPS = 500;

/** The throttle of a rate in kilobytes per second, null when the rate is too high to slow anything down. */
export function bandwidthThrottle(kbps: number): Throttle | null {
  return kbps > MAX_KBPS
    ? null
    : { unitBytes: UNIT_BYTES, pauseMs: Math.floor(UNIT_BYTES / (kbps * 1.024)), isRate: true };
}

/** The throttle of pauses after each `sizeBytes` bytes; a size below 1 is one pause only. */
export function chunkThrottle(sizeBytes: number, pauseMs: number): Throttle {
  return { unitBytes: Math.floor(sizeBytes) || Number.POSITIVE_INFINITY, pauseMs, isRate: false };
}

/** A filter that slows the response body down. */
export function responseThrottle(settings: Throttle | null): Filter {
  return settings === null ? {} : { response: (ctx) => ctx.transformResponseBody(throttle(settings)) };
}

/** A filter that slows the request body down. */
export function requestThrottle(settings: Throttle | null): Filter {
  if (settings === null) return {};
  return {
    request(ctx) {
      if (ctx.request.contentLength !== 0) ctx.transformRequestBody(throttle(settings));
    },
  };
}
