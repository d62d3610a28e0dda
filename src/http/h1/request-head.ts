// Hot path: one instance per client connection, filled anew for every request; no allocation but the text. Guarded by bench P1.
//
// A parsed request head: the text once, offsets into it, and what framing and routing need. request-parser.ts fills it.

import { Target } from "../target.ts";

export class RequestHead {
  /** The whole head from the first byte of the request line to the empty line, one character per byte. */
  text = "";
  method = "";
  /** Offsets of the request target in `text`. */
  targetStart = 0;
  targetEnd = 0;
  /** Minor version: 0 for HTTP/1.0, 1 for everything later. */
  minorVersion = 1;
  /** The version as received, `HTTP/1.0` to `HTTP/1.9`; for logs, metrics and filters. */
  protocol = "HTTP/1.1";
  /** LINE_FIELDS offsets (http/headers.ts) for each header line; grown by the parser when needed. */
  lines = new Int32Array(4 * 64);
  lineCount = 0;
  /** Index of the Host line, -1 when there is none. */
  hostLine = -1;
  /** True when all received names are in canonical form, so the block can be copied as it is. */
  canonical = true;
  /** Declared body length in bytes; -1 when there is no Content-Length. Never set together with `chunked`. */
  contentLength = -1;
  chunked = false;
  /** False when the connection must be closed after the response: HTTP/1.0 without keep-alive, or `Connection: close`. */
  keepAlive = true;
  /** True when Connection names `upgrade` and there is an Upgrade line, in HTTP/1.1. */
  upgrade = false;
  /** True for `Expect: 100-continue`. */
  expectContinue = false;
  /** Where the parser goes on when the head was not complete: offset of the line it is in, from the start of the head. */
  resumeAt = 0;
  /** Bit set of the special lines that are present, see `SPECIAL` in tables.ts; tells which of them need a look. */
  special = 0;
  /** KIND (tables.ts) of each header line, so that a line can be found or removed by its number. */
  kinds = new Uint8Array(64);
  /** The parts of the target. */
  readonly target = new Target();
  /** Offset up to which an incomplete line is known to have no end. */
  searchedTo = 0;
  /** True while a folded line is being undone; always false in a parsed head. */
  folded = false;
  /** True when one empty line may come before the next request: the last one was a POST (spec proxy 4). */
  emptyLineAllowed = false;
}
