// White space around filters-only and predicates-only documents (spec eskip 7): that of Unicode, which is not what String.trim removes.

/** Removes Unicode white space at both ends (other than String.trim: U+0085 is one, U+FEFF is none). */
export function trimSpace(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isSpace(text.charCodeAt(start))) start++;
  while (end > start && isSpace(text.charCodeAt(end - 1))) end--;
  return text.slice(start, end);
}

function isSpace(unit: number): boolean {
  if (unit < 0x80) return unit === 0x20 || (unit >= 0x09 && unit <= 0x0d);
  return unit === 0x85 || (unit !== 0xfeff && String.fromCharCode(unit).trim() === "");
}
