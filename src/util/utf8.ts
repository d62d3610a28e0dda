// Byte strings read as UTF-8 for regular expressions: every byte that is not part of a valid sequence becomes one U+FFFD, where
// TextDecoder would make one of several. `ByteOffsets` is the way back, so that a match can cut the bytes. Subjects may be megabytes
// of a body, so nothing here is kept per character.

import { fromByteString } from "./bytes.ts";

const REPLACEMENT = "\ufffd";

export function decodeUtf8(bytes: string): string {
  const text = fromByteString(bytes);
  return text.indexOf(REPLACEMENT) < 0 ? text : decodeInvalid(bytes);
}

function decodeInvalid(bytes: string): string {
  // No character has more units than bytes.
  const units = new Uint16Array(bytes.length);
  let unit = 0;
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    if (length <= 1) units[unit++] = length === 0 ? 0xfffd : bytes.charCodeAt(i);
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
function codePoint(bytes: string, i: number, length: number): number {
  let code = bytes.charCodeAt(i) & (0xff >> (length + 1));
  for (let k = 1; k < length; k++) code = (code << 6) | (bytes.charCodeAt(i + k) & 0x3f);
  return code;
}

/** Where the UTF-16 units of decoded bytes come from. Asked in rising order it walks over the bytes once. */
export class ByteOffsets {
  readonly #bytes: string;
  #byte = 0;
  #unit = 0;
  #markByte = 0;
  #markUnit = 0;

  constructor(bytes: string) {
    this.#bytes = bytes;
  }

  /** Offset of the first byte of the character that has the unit; that of the end for the unit behind the last. */
  byteOf(unit: number): number {
    if (unit < this.#unit) this.#return(unit);
    while (this.#unit < unit && this.#byte < this.#bytes.length) {
      const length = sequenceLength(this.#bytes, this.#byte);
      if (length === 4 && this.#unit + 1 === unit) break;
      this.#pass(length);
    }
    return this.#byte;
  }

  /** The first unit of the character that begins at the offset or behind it. */
  unitOf(byte: number): number {
    while (this.#byte < byte) this.#pass(sequenceLength(this.#bytes, this.#byte));
    return this.#unit;
  }

  /** Goes over one character. */
  #pass(length: number): void {
    this.#unit += length === 4 ? 2 : 1;
    this.#byte += length === 0 ? 1 : length;
  }

  /** Units from the last one that was asked for on can be asked for again without a walk from the beginning. */
  mark(): void {
    this.#markByte = this.#byte;
    this.#markUnit = this.#unit;
  }

  #return(unit: number): void {
    const isBehind = unit >= this.#markUnit;
    this.#byte = isBehind ? this.#markByte : 0;
    this.#unit = isBehind ? this.#markUnit : 0;
  }
}

/** Length of the valid sequence at `i` (RFC 3629 4), 0 when there is none. */
function sequenceLength(bytes: string, i: number): number {
  const first = bytes.charCodeAt(i);
  if (first < 0x80) return 1;
  if (first < 0xc2 || first > 0xf4) return 0;
  const second = bytes.charCodeAt(i + 1);
  if (first < 0xe0) return isTail(second) ? 2 : 0;
  if (first < 0xf0) {
    const low = first === 0xe0 ? 0xa0 : 0x80;
    const high = first === 0xed ? 0x9f : 0xbf;
    return second >= low && second <= high && isTail(bytes.charCodeAt(i + 2)) ? 3 : 0;
  }
  const low = first === 0xf0 ? 0x90 : 0x80;
  const high = first === 0xf4 ? 0x8f : 0xbf;
  const inRange = second >= low && second <= high;
  return inRange && isTail(bytes.charCodeAt(i + 2)) && isTail(bytes.charCodeAt(i + 3)) ? 4 : 0;
}

function isTail(byte: number): boolean {
  return byte >= 0x80 && byte <= 0xbf;
}
