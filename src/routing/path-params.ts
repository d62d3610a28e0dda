// Path parameters of a lookup's winner (spec matching 8). Captures are offsets into the path; a value becomes a string when a
// filter or a template asks for its name.

import type { PathPattern } from "./path-pattern.ts";

/** Result of one lookup: filled by the reader, owned and used again by the caller. */
export class LookupResult {
  /** The path that was looked up and what its wildcards took, left to right; the rest of the path behind them when `hasTail`. */
  #path = "";
  #starts = new Int32Array(16);
  #ends = new Int32Array(16);
  #count = 0;
  #pattern: PathPattern | null = null;

  /** No captures and no names: nothing was found, or the route has no path. */
  clear(): void {
    this.#path = "";
    this.#count = 0;
    this.#pattern = null;
  }

  /** Begins the captures of a winner. */
  begin(path: string, pattern: PathPattern): void {
    this.#path = path;
    this.#count = 0;
    this.#pattern = pattern;
  }

  capture(start: number, end: number): void {
    if (this.#count === this.#starts.length) this.#widen();
    this.#starts[this.#count] = start;
    this.#ends[this.#count] = end;
    this.#count++;
  }

  #widen(): void {
    const starts = new Int32Array(this.#count * 2);
    const ends = new Int32Array(this.#count * 2);
    starts.set(this.#starts);
    ends.set(this.#ends);
    this.#starts = starts;
    this.#ends = ends;
  }

  /** Value of the parameter as a byte string; undefined when the winner has none of this name. */
  param(name: string): string | undefined {
    const pattern = this.#pattern;
    if (pattern === null) return undefined;
    const { names, hasFree } = pattern;
    const last = names.length - 1;
    // One name more than captures: a subtree matched at its root, and the missing capture is the empty last one.
    const missing = names.length === this.#count + 1;
    const count = missing ? this.#count + 1 : this.#count;
    if (hasFree && last >= 0 && names[last] === name) return `/${this.#value(count - 1)}`;
    const skippedNames = Math.max(0, names.length - count);
    for (let i = skippedNames; i <= last; i++) {
      if (names[i] === name) return this.#value(count - names.length + i);
    }
    return undefined;
  }

  /** The names of the winner's parameters, as written in its definition. */
  get names(): readonly string[] {
    return this.#pattern === null ? [] : this.#pattern.names;
  }

  #value(index: number): string {
    if (index < 0 || index >= this.#count) return "";
    return decodeQueryValue(this.#path.slice(this.#starts[index]!, this.#ends[index]!));
  }
}

/** Query decoding: `+` is a blank, `%XX` a byte. With a bad escape the text stays as it is. */
export function decodeQueryValue(text: string): string {
  const percent = text.indexOf("%");
  if (percent < 0) return text.indexOf("+") < 0 ? text : text.replaceAll("+", " ");
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0x25) {
      const high = hexDigit(text.charCodeAt(i + 1));
      const low = hexDigit(text.charCodeAt(i + 2));
      if (high < 0 || low < 0) return text;
      out += String.fromCharCode(high * 16 + low);
      i += 2;
    } else {
      out += c === 0x2b ? " " : text[i];
    }
  }
  return out;
}

/** Value of a hex digit, -1 for any other character and for NaN. */
function hexDigit(c: number): number {
  if (c >= 0x30 && c <= 0x39) return c - 0x30;
  const letter = c | 0x20;
  return letter >= 0x61 && letter <= 0x66 ? letter - 0x57 : -1;
}
