// Values of the header lines that decide about framing and the connection. No allocation; read on every message.

/** Bits for the options of a Connection line (RFC 9110 7.6.1). */
export const TOKEN_CLOSE = 1;
export const TOKEN_KEEP_ALIVE = 2;
export const TOKEN_UPGRADE = 4;

const COMMA = 0x2c;

/** True when the text equals `lower`, which is in lower case, without regard to ASCII case. */
export function equalsFolded(text: string, start: number, end: number, lower: string): boolean {
  if (end - start !== lower.length) return false;
  for (let i = 0; i < lower.length; i++) {
    const c = text.charCodeAt(start + i);
    const folded = c >= 0x41 && c <= 0x5a ? c | 0x20 : c;
    if (folded !== lower.charCodeAt(i)) return false;
  }
  return true;
}

/** Content-Length: digits only (RFC 9110 8.6). -1 for anything else and for lengths above 2^53 - 1. */
export function parseLength(text: string, start: number, end: number): number {
  if (start === end) return -1;
  let length = 0;
  for (let i = start; i < end; i++) {
    const digit = text.charCodeAt(i) - 0x30;
    if (digit < 0 || digit > 9) return -1;
    length = length * 10 + digit;
    if (length > Number.MAX_SAFE_INTEGER) return -1;
  }
  return length;
}

/** The known options in a Connection value, as bits. */
export function tokensOf(text: string, start: number, end: number): number {
  let tokens = 0;
  for (let i = start; i <= end; ) {
    let stop = i;
    while (stop < end && text.charCodeAt(stop) !== COMMA) stop++;
    let last = stop;
    while (i < last && isBlank(text.charCodeAt(i))) i++;
    while (last > i && isBlank(text.charCodeAt(last - 1))) last--;
    tokens |= tokenBit(text, i, last);
    i = stop + 1;
  }
  return tokens;
}

function tokenBit(text: string, start: number, end: number): number {
  if (equalsFolded(text, start, end, "close")) return TOKEN_CLOSE;
  if (equalsFolded(text, start, end, "keep-alive")) return TOKEN_KEEP_ALIVE;
  return equalsFolded(text, start, end, "upgrade") ? TOKEN_UPGRADE : 0;
}

function isBlank(c: number): boolean {
  return c === 0x20 || c === 0x09;
}
