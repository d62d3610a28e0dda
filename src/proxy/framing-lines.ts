// Hot path. Header lines that are the business of one connection and never go on to the other side (decisions: hop-by-hop headers).

import { KIND, SPECIAL } from "../http/h1/tables.ts";
import type { Headers } from "../http/headers.ts";

export interface ParsedLines {
  readonly special: number;
  readonly kinds: Uint8Array;
  readonly lineCount: number;
}

const CONNECTION_BITS =
  SPECIAL.connection | SPECIAL.keepAlive | SPECIAL.proxyConnection | SPECIAL.transferEncoding | SPECIAL.trailer;
const REQUEST_BITS = SPECIAL.host | SPECIAL.transferEncoding | SPECIAL.trailer;

/** Removes from a response what its connection said about itself; Content-Length stays once, and only when it counts. */
export function removeResponseFraming(head: ParsedLines & { readonly contentLength: number }, headers: Headers): void {
  if ((head.special & (CONNECTION_BITS | SPECIAL.contentLength)) === 0) return;
  let lengths = head.contentLength < 0 ? 1 : 0;
  for (let i = 0; i < head.lineCount; i++) {
    const kind = head.kinds[i]!;
    if (kind === KIND.contentLength) {
      if (lengths++ > 0) headers.removeLine(i);
    } else if (kind !== KIND.none && ((1 << kind) & CONNECTION_BITS) !== 0) {
      headers.removeLine(i);
    }
  }
}

/** Removes the lines of a request that predicates and filters must not see (spec matching 2.2). */
export function hideRequestLines(head: ParsedLines, headers: Headers): void {
  if ((head.special & REQUEST_BITS) === 0) return;
  for (let i = 0; i < head.lineCount; i++) {
    const kind = head.kinds[i]!;
    if (kind !== KIND.none && ((1 << kind) & REQUEST_BITS) !== 0) headers.removeLine(i);
  }
}

const OWN_BITS = CONNECTION_BITS | SPECIAL.contentLength;

/** Removes from a request what the proxy writes anew: framing and the words of the client's connection. */
export function hideConnectionLines(head: ParsedLines, headers: Headers): void {
  if ((head.special & OWN_BITS) === 0) return;
  for (let i = 0; i < head.lineCount; i++) {
    const kind = head.kinds[i]!;
    if (kind !== KIND.none && ((1 << kind) & OWN_BITS) !== 0) headers.removeLine(i);
  }
}
