// Lua patterns (reference manual 5.1, section 5.4.1) over byte strings. Matching goes back and forth like every such engine; each step is counted by the
// machine, so that no pattern runs without bound. Offsets are from 0.

import type { Machine } from "./machine.ts";
import { Failure, type Value } from "./value.ts";

const MAX_CAPTURES = 32;
/** Nesting of the matcher on the host's stack. */
const MAX_DEPTH = 200;
/** A capture that is still open, and one that holds a position. */
const OPEN = -1;
const POSITION = -2;

const L_PERCENT = 37;
const L_OPEN = 40;
const L_CLOSE = 41;
const L_STAR = 42;
const L_PLUS = 43;
const L_MINUS = 45;
const L_DOT = 46;
const L_QUESTION = 63;
const L_BRACKET = 91;
const L_BRACKET_END = 93;
const L_CARET = 94;
const L_DOLLAR = 36;

/** One bit for each class of C's ctype. */
const ALPHA = 1;
const DIGIT = 2;
const LOWER = 4;
const UPPER = 8;
const SPACE = 16;
const CONTROL = 32;
const PUNCTUATION = 64;
const HEX = 128;

const CLASSES = new Uint8Array(256);
for (let c = 0; c < 128; c++) {
  const text = String.fromCharCode(c);
  let bits = 0;
  if (/[A-Za-z]/.test(text)) bits |= ALPHA;
  if (/[0-9]/.test(text)) bits |= DIGIT;
  if (/[a-z]/.test(text)) bits |= LOWER;
  if (/[A-Z]/.test(text)) bits |= UPPER;
  if (/[ \t-\r]/.test(text)) bits |= SPACE;
  if (c < 32 || c === 127) bits |= CONTROL;
  if (/[!-/:-@[-`{-~]/.test(text)) bits |= PUNCTUATION;
  if (/[0-9A-Fa-f]/.test(text)) bits |= HEX;
  CLASSES[c] = bits;
}

/** Class letter, in lower case, to bits. */
const LETTERS = new Uint8Array(256);
for (const [letter, bits] of Object.entries({
  a: ALPHA,
  c: CONTROL,
  d: DIGIT,
  l: LOWER,
  p: PUNCTUATION,
  s: SPACE,
  u: UPPER,
  w: ALPHA | DIGIT,
  x: HEX,
})) {
  LETTERS[letter.charCodeAt(0)] = bits;
}

function isInClass(c: number, letter: number): boolean {
  const lower = letter | 32;
  // %z is the byte 0; an upper case letter negates.
  if (lower === 122) return (c === 0) === (letter === lower);
  const bits = (letter >= 65 && letter <= 90) || (letter >= 97 && letter <= 122) ? LETTERS[lower]! : 0;
  if (bits === 0) return c === letter;
  return ((CLASSES[c]! & bits) !== 0) === (letter === lower);
}

export class Matcher {
  readonly subject: string;
  readonly #pattern: string;
  readonly #machine: Machine;
  #depth = 0;
  /** Number of captures, their starts and lengths. */
  level = 0;
  readonly #starts: number[] = [];
  readonly #lengths: number[] = [];

  constructor(machine: Machine, subject: string, pattern: string) {
    this.#machine = machine;
    this.subject = subject;
    this.#pattern = pattern;
  }

  /** End of the match of the pattern from offset `p` on at `s`, -1 for none. */
  match(s: number, p: number): number {
    this.level = 0;
    this.#depth = 0;
    return this.#match(s, p);
  }

  #match(start: number, first: number): number {
    if (++this.#depth > MAX_DEPTH) throw new Failure("pattern too complex");
    const end = this.#matchHere(start, first);
    this.#depth--;
    return end;
  }

  #matchHere(start: number, first: number): number {
    const pattern = this.#pattern;
    let s = start;
    let p = first;
    for (;;) {
      this.#machine.charge(1);
      if (p >= pattern.length) return s;
      switch (pattern.charCodeAt(p)) {
        case L_OPEN:
          return pattern.charCodeAt(p + 1) === L_CLOSE
            ? this.#openCapture(s, p + 2, POSITION)
            : this.#openCapture(s, p + 1, OPEN);
        case L_CLOSE:
          return this.#closeCapture(s, p + 1);
        case L_PERCENT: {
          const next = pattern.charCodeAt(p + 1);
          if (next === 98) {
            s = this.#balance(s, p + 2);
            if (s < 0) return -1;
            p += 4;
            continue;
          }
          if (next === 102) {
            p += 2;
            if (pattern.charCodeAt(p) !== L_BRACKET) throw new Failure("missing '[' after '%f' in pattern");
            const after = this.#classEnd(p);
            const before = s === 0 ? 0 : this.subject.charCodeAt(s - 1);
            const here = s < this.subject.length ? this.subject.charCodeAt(s) : 0;
            if (this.#isInSet(before, p, after - 1) || !this.#isInSet(here, p, after - 1)) return -1;
            p = after;
            continue;
          }
          if (next >= 48 && next <= 57) {
            s = this.#backReference(s, next);
            if (s < 0) return -1;
            p += 2;
            continue;
          }
          break;
        }
        case L_DOLLAR:
          if (p + 1 === pattern.length) return s === this.subject.length ? s : -1;
          break;
      }
      const after = this.#classEnd(p);
      switch (pattern.charCodeAt(after)) {
        case L_QUESTION:
          if (s < this.subject.length && this.#isSingle(s, p, after)) {
            const end = this.#match(s + 1, after + 1);
            if (end >= 0) return end;
          }
          p = after + 1;
          continue;
        case L_STAR:
          return this.#expandMost(s, s, p, after);
        case L_PLUS:
          return this.#isSingle(s, p, after) ? this.#expandMost(s + 1, s + 1, p, after) : -1;
        case L_MINUS:
          return this.#expandLeast(s, p, after);
        default:
          if (!this.#isSingle(s, p, after)) return -1;
          s++;
          p = after;
      }
    }
  }

  #expandMost(from: number, start: number, p: number, after: number): number {
    let s = start;
    while (this.#isSingle(s, p, after)) s++;
    this.#machine.charge((s - start) >> 2);
    for (; s >= from; s--) {
      const end = this.#match(s, after + 1);
      if (end >= 0) return end;
    }
    return -1;
  }

  #expandLeast(start: number, p: number, after: number): number {
    for (let s = start; ; s++) {
      const end = this.#match(s, after + 1);
      if (end >= 0) return end;
      if (!this.#isSingle(s, p, after)) return -1;
    }
  }

  #openCapture(s: number, p: number, length: number): number {
    if (this.level >= MAX_CAPTURES) throw new Failure("too many captures");
    this.#starts[this.level] = s;
    this.#lengths[this.level] = length;
    this.level++;
    const end = this.#match(s, p);
    if (end < 0) this.level--;
    return end;
  }

  #closeCapture(s: number, p: number): number {
    let open = this.level - 1;
    while (open >= 0 && this.#lengths[open] !== OPEN) open--;
    if (open < 0) throw new Failure("invalid pattern capture");
    this.#lengths[open] = s - this.#starts[open]!;
    const end = this.#match(s, p);
    if (end < 0) this.#lengths[open] = OPEN;
    return end;
  }

  #backReference(s: number, digit: number): number {
    const i = digit - 49;
    if (i < 0 || i >= this.level || this.#lengths[i] === OPEN) throw new Failure("invalid capture index");
    const from = this.#starts[i]!;
    const length = Math.max(this.#lengths[i]!, 0);
    this.#machine.charge(length >> 3);
    return this.subject.startsWith(this.subject.slice(from, from + length), s) ? s + length : -1;
  }

  #balance(s: number, p: number): number {
    if (p + 1 >= this.#pattern.length) throw new Failure("unbalanced pattern");
    const open = this.#pattern.charCodeAt(p);
    const close = this.#pattern.charCodeAt(p + 1);
    if (s >= this.subject.length || this.subject.charCodeAt(s) !== open) return -1;
    let depth = 1;
    for (let i = s + 1; i < this.subject.length; i++) {
      const c = this.subject.charCodeAt(i);
      if (c === close) {
        if (--depth === 0) {
          this.#machine.charge((i - s) >> 2);
          return i + 1;
        }
      } else if (c === open) depth++;
    }
    this.#machine.charge((this.subject.length - s) >> 2);
    return -1;
  }

  /** Offset behind the single character class at `p`. */
  #classEnd(p: number): number {
    const pattern = this.#pattern;
    const c = pattern.charCodeAt(p);
    if (c === L_PERCENT) {
      if (p + 1 >= pattern.length) throw new Failure("malformed pattern (ends with '%')");
      return p + 2;
    }
    if (c !== L_BRACKET) return p + 1;
    let i = p + 1;
    if (pattern.charCodeAt(i) === L_CARET) i++;
    do {
      if (i >= pattern.length) throw new Failure("malformed pattern (missing ']')");
      if (pattern.charCodeAt(i++) === L_PERCENT) {
        if (i >= pattern.length) throw new Failure("malformed pattern (missing ']')");
        i++;
      }
    } while (i >= pattern.length || pattern.charCodeAt(i) !== L_BRACKET_END);
    return i + 1;
  }

  #isSingle(s: number, p: number, after: number): boolean {
    if (s >= this.subject.length) return false;
    const c = this.subject.charCodeAt(s);
    switch (this.#pattern.charCodeAt(p)) {
      case L_DOT:
        return true;
      case L_PERCENT:
        return isInClass(c, this.#pattern.charCodeAt(p + 1));
      case L_BRACKET:
        return this.#isInSet(c, p, after - 1);
      default:
        return this.#pattern.charCodeAt(p) === c;
    }
  }

  /** `p` is the bracket, `last` the closing one. */
  #isInSet(c: number, p: number, last: number): boolean {
    const pattern = this.#pattern;
    let i = p + 1;
    const isWanted = pattern.charCodeAt(i) !== L_CARET;
    if (!isWanted) i++;
    this.#machine.charge((last - i) >> 3);
    for (; i < last; i++) {
      const at = pattern.charCodeAt(i);
      if (at === L_PERCENT) {
        i++;
        if (isInClass(c, pattern.charCodeAt(i))) return isWanted;
      } else if (pattern.charCodeAt(i + 1) === L_MINUS && i + 2 < last) {
        if (at <= c && c <= pattern.charCodeAt(i + 2)) return isWanted;
        i += 2;
      } else if (at === c) return isWanted;
    }
    return !isWanted;
  }

  /** A capture of the match from `s` to `e`; the whole match when there are none. */
  capture(i: number, s: number, e: number): Value {
    if (i >= this.level) {
      if (i !== 0) throw new Failure("invalid capture index");
      return this.subject.slice(s, e);
    }
    const length = this.#lengths[i]!;
    const start = this.#starts[i]!;
    if (length === OPEN) throw new Failure("unfinished capture");
    return length === POSITION ? start + 1 : this.subject.slice(start, start + length);
  }

  /** All captures; the whole match when there are none and `whole` says so. */
  captures(s: number, e: number, whole: boolean): Value[] {
    const count = this.level === 0 && whole ? 1 : this.level;
    const values: Value[] = [];
    for (let i = 0; i < count; i++) {
      const value = this.capture(i, s, e);
      this.#machine.alloc(typeof value === "string" ? value.length + 24 : 8);
      values.push(value);
    }
    return values;
  }
}

/** True when the text has none of the signs of a pattern, and can be searched as it is. */
export function isPlain(pattern: string): boolean {
  for (let i = 0; i < pattern.length; i++) {
    switch (pattern.charCodeAt(i)) {
      case L_CARET:
      case L_DOLLAR:
      case L_STAR:
      case L_PLUS:
      case L_QUESTION:
      case L_DOT:
      case L_OPEN:
      case L_BRACKET:
      case L_PERCENT:
      case L_MINUS:
        return false;
    }
  }
  return true;
}
