// Conditional requests (RFC 9110 13.2.2) for content that has a time of last change but no entity tag.

import { parseHttpDate } from "../../http/date.ts";
import type { Headers } from "../../http/headers.ts";

/** Goes on with the request, or ends it with 304 or 412. `rangeAllowed`: If-Range does not forbid a partial answer. */
export interface Verdict {
  readonly status: 0 | 304 | 412;
  readonly rangeAllowed: boolean;
}

/** Looks at the conditions; `modifiedMs` counts in whole seconds. */
export function checkPreconditions(method: string, headers: Headers, modifiedMs: number): Verdict {
  const seconds = Math.floor(modifiedMs / 1000);
  const safe = method === "GET" || method === "HEAD";
  const ifMatch = headers.get("If-Match");
  if (ifMatch) {
    if (ifMatch.trim() !== "*") return stop(412);
  } else {
    const since = httpSeconds(headers.get("If-Unmodified-Since"));
    if (since !== null && seconds > since) return stop(412);
  }
  const ifNoneMatch = headers.get("If-None-Match");
  if (ifNoneMatch) {
    if (ifNoneMatch.trim() === "*") return stop(safe ? 304 : 412);
  } else if (safe) {
    const since = httpSeconds(headers.get("If-Modified-Since"));
    if (since !== null && seconds <= since) return stop(304);
  }
  const ifRange = headers.get("If-Range");
  return { status: 0, rangeAllowed: !ifRange || httpSeconds(ifRange) === seconds };
}

function stop(status: 304 | 412): Verdict {
  return { status, rangeAllowed: false };
}

/** Seconds since 1970 of an HTTP date, null for what is none. */
function httpSeconds(text: string | undefined): number | null {
  if (!text) return null;
  const ms = parseHttpDate(text);
  return Number.isNaN(ms) ? null : Math.floor(ms / 1000);
}
