// Hot path: one instance per backend connection, filled anew for every response. Guarded by bench P1.
//
// A parsed response head: the text once, offsets into it, and what framing needs. response-parser.ts fills it.

export class ResponseHead {
  /** The whole head from the first byte of the status line to the empty line, one character per byte. */
  text = "";
  /** 100 to 999. */
  status = 0;
  /** 0 for HTTP/1.0, 1 for everything later. */
  minorVersion = 1;
  /** LINE_FIELDS offsets (http/headers.ts) for each header line. */
  lines = new Int32Array(4 * 64);
  /** KIND (tables.ts) of each header line. */
  kinds = new Uint8Array(64);
  lineCount = 0;
  /** True when all received names are in canonical form. */
  canonical = true;
  /** Bits of SPECIAL (tables.ts). */
  special = 0;
  /** Declared length in bytes, -1 when there is none or `chunked` counts instead. */
  contentLength = -1;
  chunked = false;
  /** False when the backend closes after this response, or the connection must not be used again. */
  keepAlive = true;
  /** True when the framing was doubtful (Content-Length beside chunked): read it, then close the connection. */
  poisoned = false;
  /** True when Connection names `upgrade` and there is an Upgrade line; looked at for 101. */
  upgrade = false;
  resumeAt = 0;
  searchedTo = 0;
  folded = false;
}
