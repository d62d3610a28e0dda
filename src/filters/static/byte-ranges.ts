// The Range header (RFC 9110 14.1.2 and 14.2) of requests for files.

/** First and last byte, both inclusive. */
export interface ByteRange {
  readonly first: number;
  readonly last: number;
}

/** More ranges than this are no use to an honest client: the whole file is sent. */
const MAX_RANGES = 100;

/** The satisfiable ranges of a header; `malformed` for what is none; an empty list when none overlaps the file. */
export function parseByteRanges(header: string, size: number): readonly ByteRange[] | "malformed" {
  if (!header.startsWith("bytes=")) return "malformed";
  const ranges: ByteRange[] = [];
  for (const part of header.slice(6).split(",")) {
    const text = part.trim();
    if (text === "") continue;
    const dash = text.indexOf("-");
    if (dash < 0) return "malformed";
    const first = position(text.slice(0, dash).trim());
    const last = position(text.slice(dash + 1).trim());
    if (first === undefined || last === undefined || (first === null && last === null)) return "malformed";
    if (first === null) {
      // A suffix: the last so many bytes.
      if (last !== 0 && size > 0) ranges.push({ first: Math.max(0, size - last!), last: size - 1 });
    } else {
      if (last !== null && last < first) return "malformed";
      if (first < size) ranges.push({ first, last: last === null ? size - 1 : Math.min(last, size - 1) });
    }
  }
  return ranges;
}

/** True when sending the ranges costs no more than sending the whole file. */
export function areWorthwhile(ranges: readonly ByteRange[], size: number): boolean {
  let total = 0;
  for (const range of ranges) total += range.last - range.first + 1;
  return ranges.length <= MAX_RANGES && total <= size;
}

/** A number of digits only; null for the empty text, undefined for anything else. */
function position(text: string): number | null | undefined {
  if (text === "") return null;
  return /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
