// Limits of the HTTP/1.1 codec. Flags change those of requests (spec proxy 3, matching 2.2); the others are fixed.

export interface HeadLimits {
  /** Bytes of the start line and the header lines, the empty line included. */
  readonly maxBytes: number;
  /** Number of header lines. */
  readonly maxLines: number;
}

/** What a request head may take beyond `-max-header-bytes`. */
const HEAD_SLACK_BYTES = 4096;

/** Limits of request heads for the value of `-max-header-bytes` and a number of header lines. */
export function requestHeadLimits(maxHeaderBytes: number, maxLines = 500): HeadLimits {
  return { maxBytes: maxHeaderBytes + HEAD_SLACK_BYTES, maxLines };
}

/** Limits of response heads (spec proxy 11: 10 MiB). */
export const defaultResponseLimits: HeadLimits = { maxBytes: 10 * 1024 * 1024, maxLines: 50_000 };

/** Bytes of one chunk size line with its extensions (spec proxy 12: a longer line is a 400). */
export const maxChunkLineBytes = 4096;
/** Bytes of all chunk extensions of one body; RFC 9112 7.1.1 asks for such a limit. */
export const maxChunkExtensionBytes = 65_536;
/** Limits of a trailer section. */
export const trailerLimits: HeadLimits = { maxBytes: 65_536, maxLines: 500 };
