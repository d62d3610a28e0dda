// Byte classes and special header names of the HTTP/1.1 codec, as tables filled at load.

export const HTAB = 0x09;
export const LF = 0x0a;
export const CR = 0x0d;
export const SP = 0x20;
export const COLON = 0x3a;

function table(accept: (byte: number) => boolean): Uint8Array {
  const t = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte++) t[byte] = accept(byte) ? 1 : 0;
  return t;
}

const isDigit = (b: number) => b >= 0x30 && b <= 0x39;
const isLower = (b: number) => b >= 0x61 && b <= 0x7a;
const isUpper = (b: number) => b >= 0x41 && b <= 0x5a;
const isOneOf = (b: number, set: string) => b > 0x20 && b < 0x7f && set.includes(String.fromCharCode(b));

/** RFC 9110 5.6.2: tchar. */
export const TOKEN = table((b) => isDigit(b) || isLower(b) || isUpper(b) || isOneOf(b, "!#$%&'*+-.^_`|~"));
/** RFC 9110 5.5: bytes of a field value: HTAB, SP, VCHAR, obs-text. */
export const VALUE = table((b) => b === HTAB || (b >= SP && b !== 0x7f));
/** Bytes of a request target: visible ASCII without `#` (decisions: strictness of requests). */
export const TARGET = table((b) => b > SP && b < 0x7f && b !== 0x23);
/** Bytes of a Host value; a comma is refused, it would make a list (spec matching 2.2). */
export const HOST = table((b) => isDigit(b) || isLower(b) || isUpper(b) || isOneOf(b, "!$%&'()*+-.:;=[]_~"));

/** Value of a hexadecimal digit, 255 for another byte. */
export const HEX = new Uint8Array(256).fill(255);
for (let b = 0; b < 256; b++) {
  if (isDigit(b)) HEX[b] = b - 0x30;
  else if ((b >= 0x61 && b <= 0x66) || (b >= 0x41 && b <= 0x46)) HEX[b] = (b | 0x20) - 0x61 + 10;
}

/**
 * Classes of the bytes of a field name, 0 for a byte that no name has. A name departs from the canonical spelling where a letter
 * is NAME_LOWER at the start or after a dash, or NAME_UPPER elsewhere.
 */
export const NAME_LOWER = 2;
export const NAME_UPPER = 4;
/** Number of the bit that marks a dash. */
export const NAME_DASH_BIT = 3;
export const NAME_CLASS = new Uint8Array(256);
for (let b = 0; b < 256; b++) {
  if (TOKEN[b] === 0) continue;
  NAME_CLASS[b] =
    1 | (isLower(b) ? NAME_LOWER : 0) | (isUpper(b) ? NAME_UPPER : 0) | (b === 0x2d ? 1 << NAME_DASH_BIT : 0);
}

/** Kinds of the header lines that the codec or the proxy asks for on every message; the index into `kinds` of a head. */
export const KIND = {
  none: 0,
  host: 1,
  contentLength: 2,
  transferEncoding: 3,
  connection: 4,
  expect: 5,
  upgrade: 6,
  keepAlive: 7,
  proxyConnection: 8,
  te: 9,
  trailer: 10,
  userAgent: 11,
  acceptEncoding: 12,
  range: 13,
  pragma: 14,
  cacheControl: 15,
  xForwardedFor: 16,
  date: 17,
  server: 18,
  contentEncoding: 19,
  cookie: 20,
  authorization: 21,
} as const;

/** Names of the kinds, lower case. */
export const KIND_NAMES: readonly string[] = [
  "",
  "host",
  "content-length",
  "transfer-encoding",
  "connection",
  "expect",
  "upgrade",
  "keep-alive",
  "proxy-connection",
  "te",
  "trailer",
  "user-agent",
  "accept-encoding",
  "range",
  "pragma",
  "cache-control",
  "x-forwarded-for",
  "date",
  "server",
  "content-encoding",
  "cookie",
  "authorization",
];

/** Bits of `special` of a head: set when there is at least one line of that kind. */
export const SPECIAL = {
  host: 1 << KIND.host,
  contentLength: 1 << KIND.contentLength,
  transferEncoding: 1 << KIND.transferEncoding,
  connection: 1 << KIND.connection,
  expect: 1 << KIND.expect,
  upgrade: 1 << KIND.upgrade,
  keepAlive: 1 << KIND.keepAlive,
  proxyConnection: 1 << KIND.proxyConnection,
  te: 1 << KIND.te,
  trailer: 1 << KIND.trailer,
  userAgent: 1 << KIND.userAgent,
  acceptEncoding: 1 << KIND.acceptEncoding,
  range: 1 << KIND.range,
  pragma: 1 << KIND.pragma,
  cacheControl: 1 << KIND.cacheControl,
  xForwardedFor: 1 << KIND.xForwardedFor,
  date: 1 << KIND.date,
  server: 1 << KIND.server,
  contentEncoding: 1 << KIND.contentEncoding,
  cookie: 1 << KIND.cookie,
  authorization: 1 << KIND.authorization,
} as const;

const LONGEST_KIND = 31;
/** Kind by length and first letter (folded to 5 bits); the pairs are unique, which is checked here. */
const CANDIDATES = new Uint8Array((LONGEST_KIND + 1) * 32);
const KIND_BYTES = KIND_NAMES.map((name) => Uint8Array.from(name, (c) => c.charCodeAt(0)));
for (let kind = 1; kind < KIND_NAMES.length; kind++) {
  const bytes = KIND_BYTES[kind]!;
  const slot = (bytes.length << 5) | (bytes[0]! & 31);
  if (CANDIDATES[slot] !== 0) throw new Error(`two special headers in one slot: ${KIND_NAMES[kind]}`);
  CANDIDATES[slot] = kind;
}

/** The kind of the header name at `start` to `end`, KIND.none for one that needs no look. The name must consist of token bytes. */
export function kindOfName(buffer: Uint8Array, start: number, end: number): number {
  const length = end - start;
  if (length > LONGEST_KIND) return KIND.none;
  const kind = CANDIDATES[(length << 5) | (buffer[start]! & 31)]!;
  if (kind === KIND.none) return kind;
  const name = KIND_BYTES[kind]!;
  // Setting 0x20 folds letters; the other token bytes of these names are dashes, which it leaves alone.
  for (let i = 0; i < length; i++) if ((buffer[start + i]! | 0x20) !== name[i]) return KIND.none;
  return kind;
}
