// Hot path: 129 MB of routes in about 1.5 s. Guarded by parser.bench.ts.
// Splits the bytes of an eskip document into tokens (spec eskip 2). The parser calls `next` and reads the fields of the current
// token; nothing is allocated per token, text is made only when asked for. An END or BAD token leaves the fields of the last good
// token in place, because error messages name that one.

import { StringCache } from "./string-cache.ts";
import { type TextBytes, textBytes } from "./text-bytes.ts";

/** Kinds of token, of type number because reading on ends what a comparison has told.  END: no more bytes; BAD: bytes that start no token, see `badReason` and `badPosition`. */
export const END: number = 0;
export const BAD: number = 1;
export const SYMBOL: number = 2;
export const NUMBER: number = 3;
export const STRING: number = 4;
export const REGEXP: number = 5;
export const AND: number = 6;
export const WILDCARD: number = 7;
export const ARROW: number = 8;
export const OPEN: number = 9;
export const CLOSE: number = 10;
export const COLON: number = 11;
export const COMMA: number = 12;
export const SEMICOLON: number = 13;
export const LESS: number = 14;
export const GREATER: number = 15;
export const SHUNT: number = 16;
export const LOOPBACK: number = 17;
export const DYNAMIC: number = 18;
export const FORWARD: number = 19;

/** Why a BAD token is none (spec eskip 6). */
export type BadReason = "" | "unexpected token" | "invalid character" | "incomplete token";

const TAB = 0x09;
const LF = 0x0a;
const QUOTE = 0x22;
const AMPERSAND = 0x26;
const MINUS = 0x2d;
const DOT = 0x2e;
const SLASH = 0x2f;
const BRACKET = 0x5b;
const BACKSLASH = 0x5c;
const CLOSING_BRACKET = 0x5d;
const GREATER_SIGN = 0x3e;

// What a byte begins; 0 when it begins no token.
const SPACE = 1;
const LETTER = 2;
const DIGIT = 3;
const DELIMITER = 4;
const SINGLE = 5;
const starts = new Uint8Array(256);
const wordBytes = new Uint8Array(256);
const singleKinds = new Uint8Array(256);
const AT_SLASH = 6;
const AT_MINUS = 7;
const AT_AMPERSAND = 8;
const AT_LESS = 9;
for (const b of [0x20, TAB, LF, 0x0b, 0x0c, 0x0d, 0x85, 0xa0]) starts[b] = SPACE;
for (let b = 0; b < 128; b++) {
  const c = String.fromCharCode(b);
  if (/[A-Za-z_]/.test(c)) starts[b] = LETTER;
  if (/[0-9.]/.test(c)) starts[b] = DIGIT;
  if (/\w/.test(c)) wordBytes[b] = 1;
}
starts[QUOTE] = DELIMITER;
starts[0x60] = DELIMITER;
for (const [c, kind] of [
  ["*", WILDCARD],
  ["(", OPEN],
  [")", CLOSE],
  [":", COLON],
  [",", COMMA],
  [";", SEMICOLON],
  [">", GREATER],
] as const) {
  starts[c.charCodeAt(0)] = SINGLE;
  singleKinds[c.charCodeAt(0)] = kind;
}
starts[SLASH] = AT_SLASH;
starts[MINUS] = AT_MINUS;
starts[AMPERSAND] = AT_AMPERSAND;
starts[0x3c] = AT_LESS;

/** Documents up to this many bytes are read without a cache of strings. */
const SMALL = 4096;

/** Units of a token that a message shows. */
const LONGEST_SHOWN = 60;

const keywords: readonly (readonly [bytes: Buffer, kind: number])[] = [
  [Buffer.from("<shunt>"), SHUNT],
  [Buffer.from("<loopback>"), LOOPBACK],
  [Buffer.from("<dynamic>"), DYNAMIC],
  [Buffer.from("<forward>"), FORWARD],
];

/** The byte that `\` and the given byte stand for in a string, 0 when they stand for themselves (spec eskip 2.2). */
const stringEscapes = new Uint8Array(256);
for (const [c, value] of [
  ["a", 0x07],
  ["b", 0x08],
  ["f", 0x0c],
  ["n", 0x0a],
  ["r", 0x0d],
  ["t", 0x09],
  ["v", 0x0b],
] as const) {
  stringEscapes[c.charCodeAt(0)] = value;
}

export class Lexer {
  /** Offset behind the current token. */
  pos: number;
  kind = BAD;
  /** First byte and byte after the last of the current token; without the delimiters for strings and regexps. */
  start = 0;
  stop = 0;
  /** Kind of the last token that was one, which `start` and `stop` belong to; END before the first. */
  goodKind = END;
  badReason: BadReason = "";
  badPosition = 0;
  /** First byte of what is no token. */
  #badStart = 0;
  /** True when the BAD token is a number that ends in its dot. */
  badNumber = false;
  readonly #bytes: TextBytes;
  readonly #end: number;
  readonly #cache: StringCache | null;
  #escaped = false;
  /** All bytes of the current string or regexp, or-ed: above 127 when it is not ASCII. */
  #bits = 0;

  /** `bytes` may be a view on shared memory; only [start, end) is looked at. */
  constructor(bytes: Uint8Array, start = 0, end = bytes.length) {
    this.#bytes = textBytes(bytes);
    this.#end = end;
    // A single route is read faster without one.
    this.#cache = end - start > SMALL ? new StringCache(this.#bytes) : null;
    this.pos = start;
  }

  /** Moves to the next token and gives its kind. After END or BAD it must not be called again. */
  next(): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let pos = this.pos;
    while (pos < end) {
      const byte = bytes[pos]!;
      switch (starts[byte]) {
        case SPACE:
          pos++;
          continue;
        case LETTER: {
          this.start = pos++;
          while (pos < end && wordBytes[bytes[pos]!] === 1) pos++;
          return this.#good(SYMBOL, pos, pos);
        }
        case DIGIT:
          return this.#number(pos, pos);
        case DELIMITER:
          return this.#string(pos, byte);
        case SINGLE:
          this.start = pos++;
          return this.#good(singleKinds[byte]!, pos, pos);
        case AT_SLASH:
          if (pos + 1 === end) return this.#bad("invalid character", pos);
          if (bytes[pos + 1] !== SLASH) return this.#regexp(pos);
          while (pos < end && bytes[pos] !== LF) pos++;
          continue;
        case AT_MINUS: {
          const after = pos + 1 < end ? bytes[pos + 1]! : 0;
          if (starts[after] === DIGIT) return this.#number(pos, pos + 1);
          if (after !== GREATER_SIGN) return this.#bad("unexpected token", pos);
          this.start = pos;
          return this.#good(ARROW, pos + 2, pos + 2);
        }
        case AT_AMPERSAND:
          if (pos + 1 >= end || bytes[pos + 1] !== AMPERSAND) return this.#bad("unexpected token", pos);
          this.start = pos;
          return this.#good(AND, pos + 2, pos + 2);
        case AT_LESS:
          return this.#less(pos);
        default:
          return this.#bad("unexpected token", pos);
      }
    }
    this.pos = end;
    this.kind = END;
    return END;
  }

  /** The text of the current symbol; equal names share one string. */
  name(): string {
    return this.#text();
  }

  /** The text of the current symbol where it is unlikely to come again (route ids). */
  uniqueName(): string {
    return this.#bytes.latin1Slice(this.start, this.stop);
  }

  /** The value of the current string or regexp. */
  value(): string {
    if (this.#escaped) return this.#unescape();
    if (this.#bits > 127) return this.#bytes.utf8Slice(this.start, this.stop);
    return this.#text();
  }

  /** The value of the current number. */
  numberValue(): number {
    const bytes = this.#bytes;
    let value = 0;
    if (this.stop - this.start < 16) {
      for (let i = this.start; i < this.stop; i++) {
        const digit = bytes[i]! - 0x30;
        if (digit < 0) return Number(bytes.latin1Slice(this.start, this.stop));
        value = value * 10 + digit;
      }
      return value;
    }
    return Number(bytes.latin1Slice(this.start, this.stop));
  }

  /** The value of the last good token as error messages show it (spec eskip 6). */
  tokenText(): string {
    if (this.goodKind === END) return "";
    if (this.goodKind === STRING || this.goodKind === REGEXP) return this.value();
    return this.#bytes.utf8Slice(this.start, this.stop);
  }

  /** What stands at the current place and where it begins, for messages about what was expected instead. */
  offence(): { readonly place: number; readonly got: string } {
    if (this.kind === END) return { place: this.pos, got: "the end of the text" };
    if (this.kind !== BAD) {
      const isLiteral = this.kind === STRING || this.kind === REGEXP;
      return { place: isLiteral ? this.start - 1 : this.start, got: shown(this.tokenText()) };
    }
    const place = this.#badStart;
    if (this.badNumber) return { place, got: "a number that ends in its dot" };
    if (this.badReason === "incomplete token") {
      return { place, got: this.#bytes[place] === SLASH ? "a regular expression without end" : "a string without end" };
    }
    const [character = ""] = this.#bytes.utf8Slice(place, Math.min(place + 4, this.#end));
    const code = character.codePointAt(0) ?? 0;
    const name = code > 0x20 && code < 0x7f ? "" : ` (U+${code.toString(16).toUpperCase().padStart(4, "0")})`;
    return { place, got: shown(character) + name };
  }

  #good(kind: number, stop: number, pos: number): number {
    this.stop = stop;
    this.pos = pos;
    this.kind = kind;
    this.goodKind = kind;
    return kind;
  }

  #text(): string {
    const cache = this.#cache;
    return cache === null ? this.#bytes.latin1Slice(this.start, this.stop) : cache.get(this.start, this.stop);
  }

  #bad(reason: BadReason, position: number, start = position): number {
    this.badReason = reason;
    this.badPosition = position;
    this.#badStart = start;
    this.pos = position;
    this.kind = BAD;
    return BAD;
  }

  #number(start: number, digits: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let pos = digits;
    let dots = 0;
    let last = 0;
    while (pos < end) {
      const byte = bytes[pos]!;
      if (starts[byte] !== DIGIT) break;
      if (byte === DOT && dots++ === 1) break;
      last = byte;
      pos++;
    }
    if (last === DOT) {
      this.badNumber = true;
      return this.#bad("incomplete token", pos, start);
    }
    this.start = start;
    return this.#good(NUMBER, pos, pos);
  }

  #string(open: number, delimiter: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let bits = 0;
    let escaped = false;
    for (let pos = open + 1; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (byte === delimiter) return this.#literal(STRING, open, pos, escaped, bits);
      bits |= byte;
      if (byte === BACKSLASH) {
        escaped = true;
        if (++pos < end) bits |= bytes[pos]!;
      }
    }
    return this.#bad("incomplete token", end, open);
  }

  #regexp(open: number): number {
    const bytes = this.#bytes;
    const end = this.#end;
    let bits = 0;
    let escaped = false;
    let inClass = false;
    for (let pos = open + 1; pos < end; pos++) {
      const byte = bytes[pos]!;
      if (byte === SLASH && !inClass) return this.#literal(REGEXP, open, pos, escaped, bits);
      bits |= byte;
      if (byte === BRACKET) inClass = true;
      else if (byte === CLOSING_BRACKET) inClass = false;
      else if (byte === BACKSLASH) {
        escaped = true;
        if (++pos < end) bits |= bytes[pos]!;
      }
    }
    return this.#bad("incomplete token", end, open);
  }

  #literal(kind: number, open: number, close: number, escaped: boolean, bits: number): number {
    this.start = open + 1;
    this.#escaped = escaped;
    this.#bits = bits;
    return this.#good(kind, close, close + 1);
  }

  #less(pos: number): number {
    this.start = pos;
    for (const [text, kind] of keywords) {
      const stop = pos + text.length;
      if (stop <= this.#end && text.compare(this.#bytes, pos, stop) === 0) return this.#good(kind, stop, stop);
    }
    return this.#good(LESS, pos + 1, pos + 1);
  }

  #unescape(): string {
    const bytes = this.#bytes;
    const isString = this.goodKind === STRING;
    const delimiter = isString ? bytes[this.start - 1]! : SLASH;
    const out = textBytes(Buffer.allocUnsafe(this.stop - this.start));
    let length = 0;
    for (let i = this.start; i < this.stop; i++) {
      const byte = bytes[i]!;
      if (byte !== BACKSLASH) {
        out[length++] = byte;
        continue;
      }
      const after = bytes[++i]!;
      if (after === delimiter || after === BACKSLASH) out[length++] = after;
      else if (isString && stringEscapes[after] !== 0) out[length++] = stringEscapes[after]!;
      else {
        out[length++] = BACKSLASH;
        out[length++] = after;
      }
    }
    return out.utf8Slice(0, length);
  }
}

/** A token in quotes, the long ones cut. */
function shown(text: string): string {
  return JSON.stringify(text.length > LONGEST_SHOWN ? `${text.slice(0, LONGEST_SHOWN)}...` : text);
}
