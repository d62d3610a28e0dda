// Numbers from text and to text as C does it: strtod with hexadecimal integers, `%.14g`. Shared by lexer, coercions, tonumber and tostring.

import { formatGeneral } from "./number-format.ts";

const DECIMAL = /^[+-]?(?:\d+(?:\.\d*)?|\.\d+)(?:[eE][+-]?\d+)?$/;
const HEXADECIMAL = /^([+-]?)0[xX]([\da-fA-F]+)$/;
const WORDS = /^[+-]?(?:inf|infinity|nan)$/i;

/** The number that the whole text is, blanks around it allowed; undefined when it is none. */
export function parseNumber(text: string): number | undefined {
  const trimmed = trim(text);
  const c = trimmed.charCodeAt(trimmed.length - 1);
  // Every decimal number ends in a digit or a dot: most texts that are no number are told by that.
  if ((c >= 48 && c <= 57) || c === 46) {
    if (DECIMAL.test(trimmed)) return Number(trimmed);
  }
  const hex = HEXADECIMAL.exec(trimmed);
  if (hex !== null) {
    const value = Number(`0x${hex[2]}`);
    return hex[1] === "-" ? -value : value;
  }
  if (!WORDS.test(trimmed)) return undefined;
  if (/nan/i.test(trimmed)) return Number.NaN;
  return trimmed[0] === "-" ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY;
}

function isBlank(c: number): boolean {
  return c === 32 || (c >= 9 && c <= 13);
}

/** Without the blanks that C's isspace knows. */
export function trim(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

/** `%.14g`, the text of a number wherever one is turned into a string. */
export function numberText(n: number): string {
  if (Number.isInteger(n) && n < 1e14 && n > -1e14) return n === 0 && 1 / n < 0 ? "-0" : String(n);
  return formatGeneral(n, 14, false);
}
