// Hot path: 0.5 µs for a head of 250 bytes. Guarded by parser.bench.ts.
//
// Response heads of backends (RFC 9112 4 to 6). Anything ambiguous is an error, which the proxy answers as a failed round trip
// (spec proxy 12); the one tolerance is Content-Length beside chunked, where chunked counts and the connection is poisoned
// (decisions). The reason phrase is checked and dropped. Heads with 1xx are parsed like others.

import { LINE_FIELDS } from "../headers.ts";
import { latin1 } from "../latin1.ts";
import {
  BAD_FRAMING,
  BAD_HEADER_NAME,
  BAD_STATUS_CODE,
  BAD_STATUS_LINE,
  DIFFERING_LENGTHS,
  type ErrorCode,
  HEAD_TOO_LARGE,
} from "./errors.ts";
import { fail, hasLineFeed, resetFields, scanFields, unfold } from "./field-lines.ts";
import { equalsFolded, parseLength, TOKEN_CLOSE, TOKEN_KEEP_ALIVE, TOKEN_UPGRADE, tokensOf } from "./field-values.ts";
import type { HeadLimits } from "./limits.ts";
import { CR, KIND, LF, SP, SPECIAL, VALUE } from "./tables.ts";

const ZERO = 0x30;
const NINE = 0x39;
/** `HTTP/1.` */
const PROTOCOL = [0x48, 0x54, 0x54, 0x50, 0x2f, 0x31, 0x2e] as const;
const TO_READ = SPECIAL.contentLength | SPECIAL.transferEncoding | SPECIAL.connection;

/** How the end of a response body is found (RFC 9112 6.3). */
export const BodyKind = { none: 0, length: 1, chunked: 2, close: 3 } as const;
export type BodyKind = (typeof BodyKind)[keyof typeof BodyKind];

/** A parsed response head: one instance per backend connection, filled anew for every response. */
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

/** Parses the response head at `start`; results and resumption as in parseRequestHead. */
export function parseResponseHead(
  head: ResponseHead,
  buffer: Buffer,
  start: number,
  end: number,
  limits: HeadLimits,
): number {
  const stop = end - start > limits.maxBytes ? start + limits.maxBytes : end;
  if (head.searchedTo > 0 && stop === end && !hasLineFeed(buffer, start + head.searchedTo, stop)) {
    head.searchedTo = stop - start;
    return 0;
  }
  let pos = start + head.resumeAt;
  if (pos === start) {
    resetFields(head);
    pos = parseStatusLine(head, buffer, start, stop);
    if (pos < 0) return fail(head, pos);
    if (pos === 0) {
      if (stop < end) return fail(head, HEAD_TOO_LARGE);
      head.searchedTo = stop - start;
      return 0;
    }
  }
  pos = scanFields(head, buffer, start, pos, stop, limits.maxLines);
  if (pos < 0) return fail(head, pos);
  if (pos === 0) return stop < end ? fail(head, HEAD_TOO_LARGE) : 0;
  const error = head.folded ? finishUnfolded(head, buffer, start, pos, limits) : finish(head, buffer, start, pos);
  return error < 0 ? fail(head, error) : pos - start;
}

/** Returns the offset after the line, 0 when it is not complete, or an error code. */
function parseStatusLine(head: ResponseHead, buffer: Buffer, base: number, stop: number): number {
  let at = base;
  for (let i = 0; i < 7; i++, at++) {
    if (at >= stop) return 0;
    if (buffer[at] !== PROTOCOL[i]) return BAD_STATUS_LINE;
  }
  if (at >= stop) return 0;
  const minor = buffer[at++]!;
  if (minor < ZERO || minor > NINE) return BAD_STATUS_LINE;
  if (at >= stop) return 0;
  if (buffer[at++] !== SP) return BAD_STATUS_LINE;
  let status = 0;
  for (let i = 0; i < 3; i++, at++) {
    if (at >= stop) return 0;
    const digit = buffer[at]! - ZERO;
    if (digit < 0 || digit > 9) return BAD_STATUS_CODE;
    status = status * 10 + digit;
  }
  if (status < 100) return BAD_STATUS_CODE;
  if (at >= stop) return 0;
  if (buffer[at] === SP) {
    at++;
    while (at < stop && VALUE[buffer[at]!] === 1) at++;
  } else if (buffer[at] !== CR) return BAD_STATUS_CODE;
  if (at >= stop) return 0;
  if (buffer[at] !== CR) return BAD_STATUS_LINE;
  if (at + 1 >= stop) return 0;
  if (buffer[at + 1] !== LF) return BAD_STATUS_LINE;
  head.status = status;
  head.minorVersion = minor === ZERO ? 0 : 1;
  return at + 2;
}

function finishUnfolded(head: ResponseHead, buffer: Buffer, base: number, end: number, limits: HeadLimits): ErrorCode {
  const bytes = unfold(buffer, base, end);
  resetFields(head);
  const pos = parseStatusLine(head, bytes, 0, bytes.length);
  const fieldsEnd = scanFields(head, bytes, 0, pos, bytes.length, limits.maxLines);
  return fieldsEnd > 0 ? finish(head, bytes, 0, fieldsEnd) : BAD_HEADER_NAME;
}

function finish(head: ResponseHead, buffer: Buffer, base: number, end: number): ErrorCode {
  head.text = latin1(buffer, base, end);
  head.contentLength = -1;
  head.chunked = false;
  head.poisoned = false;
  head.upgrade = false;
  head.keepAlive = head.minorVersion === 1;
  return (head.special & TO_READ) === 0 ? 0 : readSpecialLines(head);
}

function readSpecialLines(head: ResponseHead): ErrorCode {
  const { text, lines, kinds, lineCount, minorVersion } = head;
  let tokens = 0;
  for (let i = 0; i < lineCount; i++) {
    const kind = kinds[i]!;
    if (kind < KIND.contentLength || kind > KIND.connection) continue;
    const start = lines[i * LINE_FIELDS + 2]!;
    const end = lines[i * LINE_FIELDS + 3]!;
    if (kind === KIND.contentLength) {
      const length = parseLength(text, start, end);
      if (length < 0) return BAD_FRAMING;
      if (head.contentLength >= 0 && head.contentLength !== length) return DIFFERING_LENGTHS;
      head.contentLength = length;
    } else if (kind === KIND.transferEncoding) {
      if (head.chunked || minorVersion === 0 || !equalsFolded(text, start, end, "chunked")) return BAD_FRAMING;
      head.chunked = true;
    } else tokens |= tokensOf(text, start, end);
  }
  if (minorVersion === 0) head.keepAlive = (tokens & (TOKEN_KEEP_ALIVE | TOKEN_CLOSE)) === TOKEN_KEEP_ALIVE;
  else head.keepAlive = (tokens & TOKEN_CLOSE) === 0;
  head.upgrade = (tokens & TOKEN_UPGRADE) !== 0 && (head.special & SPECIAL.upgrade) !== 0;
  if (head.chunked && head.contentLength >= 0) {
    head.contentLength = -1;
    head.poisoned = true;
    head.keepAlive = false;
  }
  return 0;
}

/**
 * How the body of the response to a `method` request ends. A response to CONNECT has a body like others: the proxy opens no
 * tunnel for it (spec matching 2.4).
 */
export function bodyKind(method: string, head: ResponseHead): BodyKind {
  const { status } = head;
  if (method === "HEAD" || status < 200 || status === 204 || status === 304) return BodyKind.none;
  if (head.chunked) return BodyKind.chunked;
  return head.contentLength >= 0 ? BodyKind.length : BodyKind.close;
}
