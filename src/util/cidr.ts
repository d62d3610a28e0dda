// IP addresses and sets of address ranges (spec predicates 8). Used by the address predicates, by templates, the PROXY protocol
// and the forwarded headers. IPv4 and IPv6 are separate worlds: `::ffff:1.2.3.4` is an IPv6 address and in no IPv4 range.

/** An address as four words of 32 bits; an IPv4 address is in `words[0]`. */
export interface IpAddress {
  readonly family: 4 | 6;
  readonly words: readonly [number, number, number, number];
  /** True when a zone was given (`fe80::1%eth0`): such an address lies in no range. */
  readonly zoned: boolean;
}

interface Range {
  readonly family: 4 | 6;
  readonly words: readonly number[];
  readonly masks: readonly number[];
}

/** Reads an address; null when the text is not exactly one (no port, brackets, blanks, leading zeros in an IPv4 part). */
export function parseIpAddress(text: string): IpAddress | null {
  if (text.length > 256) return null;
  if (text.indexOf(":") < 0) {
    const word = parseIpv4(text, 0);
    return word < 0 ? null : { family: 4, words: [word, 0, 0, 0], zoned: false };
  }
  const percent = text.indexOf("%");
  if (percent === text.length - 1) return null;
  const groups = parseIpv6(percent < 0 ? text : text.slice(0, percent));
  if (groups === null) return null;
  const word = (i: number) => groups[i]! * 0x10000 + groups[i + 1]!;
  return { family: 6, words: [word(0), word(2), word(4), word(6)], zoned: percent >= 0 };
}

/** The address as a number, -1 when the text from `start` to its end is no IPv4 address. */
function parseIpv4(text: string, start: number): number {
  let value = 0;
  let parts = 0;
  let part = 0;
  let digits = 0;
  for (let i = start; i <= text.length; i++) {
    const c = i === text.length ? 46 : text.charCodeAt(i);
    if (c === 46) {
      if (digits === 0 || parts === 4) return -1;
      value = value * 256 + part;
      parts++;
      part = 0;
      digits = 0;
    } else {
      if (c < 48 || c > 57 || (digits > 0 && part === 0)) return -1;
      part = part * 10 + c - 48;
      digits++;
      if (part > 255) return -1;
    }
  }
  return parts === 4 ? value : -1;
}

/** The eight groups of an IPv6 address (RFC 4291 2.2), null when it is none. */
function parseIpv6(text: string): number[] | null {
  const groups: number[] = [];
  let gap = -1;
  let i = 0;
  if (text.startsWith("::")) {
    gap = 0;
    i = 2;
  }
  while (i < text.length) {
    const end = groupEnd(text, i);
    if (text[end] === ".") {
      const v4 = groups.length <= 6 ? parseIpv4(text, i) : -1;
      if (v4 < 0) return null;
      groups.push(Math.floor(v4 / 0x10000), v4 % 0x10000);
      break;
    }
    if (end === i || end - i > 4 || groups.length === 8) return null;
    groups.push(Number.parseInt(text.slice(i, end), 16));
    if (end === text.length) break;
    if (text[end] !== ":" || end + 1 === text.length) return null;
    i = end + 1;
    if (text[i] === ":") {
      if (gap >= 0) return null;
      gap = groups.length;
      i++;
    }
  }
  if (gap < 0) return groups.length === 8 ? groups : null;
  if (groups.length > 7) return null;
  groups.splice(gap, 0, ...new Array<number>(8 - groups.length).fill(0));
  return groups;
}

/** The offset after the hexadecimal digits that begin at `start`. */
function groupEnd(text: string, start: number): number {
  let i = start;
  for (; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const isHex = (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
    if (!isHex) break;
  }
  return i;
}

/** What is wrong with a range: the detail behind `failed to parse cidr: `. */
export class CidrError {
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

/** A set of ranges that answers whether an address lies in one of them. */
export class CidrSet {
  readonly #ranges: Range[] = [];

  /** One set of all ranges of several. */
  static union(sets: readonly CidrSet[]): CidrSet {
    const union = new CidrSet();
    for (const set of sets) union.#ranges.push(...set.#ranges);
    return union;
  }

  /**
   * Adds `a` or `a/n`. Host bits below the mask are allowed; the bare unspecified address is refused, because it is more likely
   * a mistake than a client.
   */
  add(text: string): CidrError | null {
    const range = parseRange(text);
    if (range instanceof CidrError) return range;
    this.#ranges.push(range);
    return null;
  }

  get size(): number {
    return this.#ranges.length;
  }

  contains(address: IpAddress): boolean {
    if (address.zoned) return false;
    for (const range of this.#ranges) if (range.family === address.family && covers(range, address)) return true;
    return false;
  }

  /** The same for an address as text; false when it is no address. */
  containsText(text: string): boolean {
    const address = parseIpAddress(text);
    return address !== null && this.contains(address);
  }
}

/** The set of a list of ranges, or the first error. */
export function parseCidrSet(texts: readonly string[]): CidrSet | CidrError {
  const set = new CidrSet();
  for (const text of texts) {
    const error = set.add(text);
    if (error !== null) return error;
  }
  return set;
}

function covers(range: Range, address: IpAddress): boolean {
  for (let i = 0; i < 4; i++) if (((address.words[i]! ^ range.words[i]!) & range.masks[i]!) !== 0) return false;
  return true;
}

function parseRange(text: string): Range | CidrError {
  const slash = text.indexOf("/");
  const address = parseIpAddress(slash < 0 ? text : text.slice(0, slash));
  if (address === null) return new CidrError(`unable to parse IP: ${text}`);
  const maxBits = address.family === 4 ? 32 : 128;
  let bits = maxBits;
  if (slash < 0) {
    if (address.words.every((word) => word === 0)) return new CidrError(`addr is unspecified: ${text}`);
  } else {
    if (address.zoned) return new CidrError(`zones are not allowed in a range: ${text}`);
    bits = prefixLength(text.slice(slash + 1), maxBits);
    if (bits < 0) return new CidrError(`bad bits after slash: ${text}`);
  }
  const masks = [0, 1, 2, 3].map((i) => wordMask(bits - i * 32));
  return { family: address.family, words: address.words, masks };
}

/** The mask of one word of which the first `bits` bits count. */
function wordMask(bits: number): number {
  if (bits >= 32) return -1;
  return bits <= 0 ? 0 : -1 << (32 - bits);
}

/** A decimal of up to three digits without leading zero and not above `max`; -1 for anything else. */
function prefixLength(text: string, max: number): number {
  if (text.length === 0 || text.length > 3 || (text.length > 1 && text[0] === "0")) return -1;
  for (let i = 0; i < text.length; i++) if (text.charCodeAt(i) < 48 || text.charCodeAt(i) > 57) return -1;
  const bits = Number(text);
  return bits > max ? -1 : bits;
}
