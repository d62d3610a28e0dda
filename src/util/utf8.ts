// Bytes read as UTF-8 the way RE2 reads them: every byte that is not part of a valid sequence becomes one U+FFFD, where TextDecoder
// would make one of several.

const REPLACEMENT = "\ufffd";

export function decodeUtf8(bytes: Buffer): string {
  const text = bytes.toString("utf8");
  return text.indexOf(REPLACEMENT) < 0 ? text : decodeInvalid(bytes);
}

function decodeInvalid(bytes: Uint8Array): string {
  // No character has more units than bytes.
  const units = new Uint16Array(bytes.length);
  let unit = 0;
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length <= 1) units[unit++] = length === 0 ? 0xfffd : bytes[i]!;
    else {
      const code = codePoint(bytes, i, length);
      if (code > 0xffff) units[unit++] = 0xd7c0 + (code >> 10);
      units[unit++] = code > 0xffff ? 0xdc00 + (code & 0x3ff) : code;
    }
    i += length === 0 ? 1 : length;
  }
  return Buffer.from(units.buffer, 0, unit * 2).toString("utf16le");
}

/** The character of a valid sequence of two to four bytes. */
function codePoint(bytes: Uint8Array, i: number, length: number): number {
  let code = bytes[i]! & (0xff >> (length + 1));
  for (let k = 1; k < length; k++) code = (code << 6) | (bytes[i + k]! & 0x3f);
  return code;
}

/** Length of the valid sequence at `i` (RFC 3629 4), 0 when there is none. */
function sequenceLength(bytes: Uint8Array, i: number): number {
  const first = bytes[i]!;
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes[i + 1];
  if (first < 0xe0) return isTail(second) ? 2 : 0;
  if (first < 0xf0) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return isBetween(second, low, high) && isTail(bytes[i + 2]) ? 3 : 0;
  }
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf;
  const inRange = isBetween(second, low, high);
  return inRange && isTail(bytes[i + 2]) && isTail(bytes[i + 3]) ? 4 : 0;
}

function isTail(byte: number | undefined): boolean {
  return isBetween(byte, 0x80, 0xbf);
}

function isBetween(byte: number | undefined, low: number, high: number): boolean {
  return byte !== undefined && byte >= low && byte <= high;
}
