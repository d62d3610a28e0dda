// Request methods: case-sensitive tokens (RFC 9110 9.1). Known ones become one shared string each, so that later compares are
// compares of pointers.

import { latin1 } from "./latin1.ts";

const KNOWN: readonly string[] = ["GET", "PUT", "HEAD", "POST", "PATCH", "TRACE", "DELETE", "OPTIONS", "CONNECT"];

const LONGEST = 7;
/** Known method by length and the low bits of its first letter; the pairs are unique, which is checked here. */
const SLOTS: (string | null)[] = new Array((LONGEST + 1) * 32).fill(null);
for (const method of KNOWN) {
  const slot = (method.length << 5) | (method.charCodeAt(0) & 31);
  if (SLOTS[slot] !== null) throw new Error(`two methods in one slot: ${method}`);
  SLOTS[slot] = method;
}

/** The method at `start` to `end` (token bytes, not empty). */
export function methodAt(buffer: Buffer, start: number, end: number): string {
  const length = end - start;
  if (length <= LONGEST) {
    const known = SLOTS[(length << 5) | (buffer[start]! & 31)]!;
    if (known !== null) {
      let i = 0;
      while (i < length && buffer[start + i] === known.charCodeAt(i)) i++;
      if (i === length) return known;
    }
  }
  return latin1(buffer, start, end);
}

/** True for methods that may be sent again when a kept-alive connection turns out to be closed (spec proxy 10). */
export function isReplayable(method: string): boolean {
  return method === "GET" || method === "HEAD" || method === "OPTIONS" || method === "TRACE";
}

/** True for methods whose requests say that a body is empty (RFC 9110 8.6). */
export function usuallyHasBody(method: string): boolean {
  return method === "POST" || method === "PUT" || method === "PATCH";
}
