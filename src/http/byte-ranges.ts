// The header Range (RFC 9110 14.1.2 and 14.2) against a representation of known length. Pure.

export interface ByteRange {
  readonly start: number;
  /** Behind the last byte. */
  readonly end: number;
}

/** More ranges are not answered one by one: a short request would make a long answer. */
const MAX_RANGES = 16;

/**
 * The ranges in the order of the header. `all`: there is none that counts, the whole representation is the answer. `none`: 416, with
 * the reason.
 */
export function readRanges(
  header: string | undefined,
  length: number,
):
  | { readonly type: "some"; readonly ranges: readonly ByteRange[] }
  | "all"
  | { readonly type: "none"; readonly reason: string } {
  if (header === undefined || header === "") return "all";
  if (!header.startsWith("bytes=")) return invalid;
  const ranges: ByteRange[] = [];
  let isBeyond = false;
  for (const part of header.slice("bytes=".length).split(",")) {
    const text = part.trim();
    if (text === "") continue;
    const found = /^(\d*)[ \t]*-[ \t]*(\d*)$/.exec(text);
    if (found === null || (found[1] === "" && found[2] === "")) return invalid;
    const [first, last] = [found[1]!, found[2]!];
    if (first === "") {
      const suffix = Math.min(Number(last), length);
      if (suffix === 0) isBeyond = true;
      else ranges.push({ start: length - suffix, end: length });
      continue;
    }
    if (last !== "" && Number(last) < Number(first)) return invalid;
    if (Number(first) >= length) isBeyond = true;
    else ranges.push({ start: Number(first), end: last === "" ? length : Math.min(Number(last) + 1, length) });
  }
  if (ranges.length === 0) return isBeyond ? { type: "none", reason: "invalid range: failed to overlap" } : "all";
  const bytes = ranges.reduce((sum, { start, end }) => sum + end - start, 0);
  return ranges.length > MAX_RANGES || bytes > length ? "all" : { type: "some", ranges };
}

const invalid = { type: "none", reason: "invalid range" } as const;
