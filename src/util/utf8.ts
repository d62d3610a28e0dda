// Byte strings read as UTF-8 for regular expressions: every byte that is not part of a valid sequence becomes one U+FFFD, where
// TextDecoder would make one of several. `decodeWithOffsets` keeps the way back, so that a match can cut the bytes.

import { fromByteString } from "./bytes.ts";

const REPLACEMENT = "\ufffd";

/** Text with, for each of its UTF-16 units and its end, the offset of the byte it came from. */
export interface DecodedText {
  readonly text: string;
  readonly offsets: Uint32Array;
}

export function decodeUtf8(bytes: string): string {
  const text = fromByteString(bytes);
  return text.indexOf(REPLACEMENT) < 0 ? text : decodeWithOffsets(bytes).text;
}

export function decodeWithOffsets(bytes: string): DecodedText {
  const offsets = new Uint32Array(bytes.length + 1);
  let text = "";
  let unit = 0;
  for (let i = 0; i < bytes.length; ) {
    const length = sequenceLength(bytes, i);
    const piece = length === 0 ? REPLACEMENT : fromByteString(bytes.slice(i, i + length));
    for (let k = 0; k < piece.length; k++) offsets[unit++] = i;
    text += piece;
    i += length === 0 ? 1 : length;
  }
  offsets[unit] = bytes.length;
  return { text, offsets };
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
