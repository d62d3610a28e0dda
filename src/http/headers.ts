// Hot path: no allocation to read a header that is not there. Guarded by bench P1 and P7.
//
// The header lines of one message. A received block stays one string and a table of offsets; a value becomes a string only when
// someone asks for it, and unchanged lines are written out as slices of the block. Changes are kept beside it: a removed line is
// marked, an added one stands in `added`. Names compare without regard to case (RFC 9110 5.1); names that are set are written in
// canonical form (`X-Flow-Id`). Values are byte strings. Order between different names is not kept, order within a name is.
// What is added may hold bytes that no header has (a template may put them in): before it is written, senders of requests ask
// `additionsAreLegal`, senders of responses call `mendAdditions`.

import { KIND_NAMES, TOKEN } from "./h1/tables.ts";

/** Offsets of one line in the table: name start, name end, value start, value end (value trimmed of blanks and tabs). */
export const LINE_FIELDS = 4;

const LOWER = 0x20;
const noKinds = new Uint8Array(0);
const noLinesRemoved = new Uint8Array(0);

/** Canonical spelling: first letter and letters after a dash upper case, the rest lower case; other names as they are. */
export function canonicalName(name: string): string {
  let upper = true;
  for (let i = 0; i < name.length; i++) {
    const c = name.charCodeAt(i);
    if (upper ? c >= 97 && c <= 122 : c >= 65 && c <= 90) return canonicalNameSlow(name);
    upper = c === 45;
  }
  return name;
}

function canonicalNameSlow(name: string): string {
  if (!isName(name)) return name;
  let out = "";
  let upper = true;
  for (let i = 0; i < name.length; i++) {
    const c = name[i]!;
    out += upper ? c.toUpperCase() : c.toLowerCase();
    upper = c === "-";
  }
  return out;
}

/** RFC 9110 5.6.2: one or more tchar. */
function isName(text: string): boolean {
  for (let i = 0; i < text.length; i++) if (TOKEN[text.charCodeAt(i)] !== 1) return false;
  return text.length > 0;
}

/** Names that were found legal: those of a few filters, asked for on every request. Without meaning beyond isName. */
const legalNames = new Set<string>();
const MAX_LEGAL_NAMES = 1024;

function isKnownName(name: string): boolean {
  if (legalNames.has(name)) return true;
  if (!isName(name)) return false;
  if (legalNames.size < MAX_LEGAL_NAMES) legalNames.add(name);
  return true;
}

/**
 * RFC 9110 5.5: no control byte but tab; no character beyond a byte either, of which only the low half would be written. One pass
 * without a step back; a loop takes twice as long on values that are slices.
 */
const ILLEGAL_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/;
const ALL_ILLEGAL_IN_VALUE = /[^\t\x20-\x7e\x80-\xff]/g;

/** True when `text` between the offsets equals `name` without regard to ASCII case. */
function sameName(text: string, start: number, end: number, name: string): boolean {
  if (end - start !== name.length) return false;
  for (let i = 0; i < name.length; i++) {
    const a = text.charCodeAt(start + i);
    const b = name.charCodeAt(i);
    if (a === b) continue;
    const folded = a | LOWER;
    if (folded !== (b | LOWER) || folded < 97 || folded > 122) return false;
  }
  return true;
}

/** True when the two names are equal without regard to ASCII case. */
export function equalNames(a: string, b: string): boolean {
  return sameName(a, 0, a.length, b);
}

export class Headers {
  #text = "";
  #lines: Int32Array = empty;
  #count = 0;
  /** KIND of each received line, and the bits of SPECIAL that are present, when a parser said so; else 0 and no bit. */
  #kinds: Uint8Array = noKinds;
  #special = 0;
  /** 1 for every received line that was removed; counts only when `#anyRemoved`. Kept for the next message. */
  #removed = noLinesRemoved;
  #anyRemoved = false;
  /** Name (canonical), value, name, value ... of the lines that were added: `#addedEnd` entries count, the rest is left over. */
  readonly #added: string[] = [];
  #addedEnd = 0;

  /**
   * Takes a received block over. `lines` holds LINE_FIELDS offsets into `text` for each of `count` lines and is not copied; `kinds`
   * and `special` are what the parser found (h1/tables.ts).
   */
  reset(text: string, lines: Int32Array, count: number, kinds: Uint8Array = noKinds, special = 0): void {
    this.#text = text;
    this.#lines = lines;
    this.#count = count;
    this.#kinds = kinds;
    this.#special = special;
    this.#anyRemoved = false;
    this.#addedEnd = 0;
  }

  /** Makes the block empty. */
  clear(): void {
    this.reset("", empty, 0);
  }

  /** The first value of `name`, undefined when there is no such line. */
  get(name: string): string | undefined {
    const i = this.#find(name, 0);
    if (i >= 0) return this.#value(i);
    const k = this.#findAdded(name, 0);
    return k < 0 ? undefined : this.#added[k + 1]!;
  }

  /** `get` for a header that the codec knows by kind: costs a test of a bit when it is not there. */
  known(kind: number): string | undefined {
    if ((this.#special & (1 << kind)) !== 0) {
      for (let i = 0; i < this.#count; i++) {
        if (this.#kinds[i] === kind && !(this.#anyRemoved && this.#removed[i] === 1)) return this.#value(i);
      }
    }
    if (this.#addedEnd === 0) return undefined;
    const k = this.#findAdded(KIND_NAMES[kind]!, 0);
    return k < 0 ? undefined : this.#added[k + 1]!;
  }

  has(name: string): boolean {
    return this.#find(name, 0) >= 0 || this.#findAdded(name, 0) >= 0;
  }

  /** All values of `name` in order; an empty list when there is none. */
  getAll(name: string): string[] {
    const values: string[] = [];
    for (let i = this.#find(name, 0); i >= 0; i = this.#find(name, i + 1)) values.push(this.#value(i));
    for (let k = this.#findAdded(name, 0); k >= 0; k = this.#findAdded(name, k + 2)) values.push(this.#added[k + 1]!);
    return values;
  }

  /** Replaces all values of `name` by one. */
  set(name: string, value: string): void {
    this.delete(name);
    this.append(name, value);
  }

  /** Adds a line after those that are there. */
  append(name: string, value: string): void {
    const end = this.#addedEnd;
    this.#added[end] = canonicalName(name);
    this.#added[end + 1] = value;
    this.#addedEnd = end + 2;
  }

  /** Removes all values of `name`. */
  delete(name: string): void {
    for (let i = this.#find(name, 0); i >= 0; i = this.#find(name, i + 1)) {
      this.removeLine(i);
    }
    this.deleteAdded(name);
  }

  /** Removes what was added under `name`; a received line stays. */
  deleteAdded(name: string): void {
    const first = this.#findAdded(name, 0);
    if (first >= 0) this.#deleteAdded(name, first);
  }

  /** Removes what was added under `name` behind its first value. */
  keepFirst(name: string): void {
    const first = this.#findAdded(name, 0);
    if (first < 0) return;
    const second = this.#find(name, 0) >= 0 ? first : this.#findAdded(name, first + 2);
    if (second >= 0) this.#deleteAdded(name, second);
  }

  #deleteAdded(name: string, first: number): void {
    const added = this.#added;
    let kept = first;
    for (let k = first; k < this.#addedEnd; k += 2) {
      if (equalNames(added[k]!, name)) continue;
      added[kept++] = added[k]!;
      added[kept++] = added[k + 1]!;
    }
    this.#addedEnd = kept;
  }

  /** Calls `visit` for every line: received ones in order, then added ones; names as they will be written. */
  forEach(visit: (name: string, value: string) => void): void {
    for (let i = 0; i < this.#count; i++) {
      if (this.#anyRemoved && this.#removed[i] === 1) continue;
      const k = i * LINE_FIELDS;
      visit(canonicalName(this.#text.slice(this.#lines[k]!, this.#lines[k + 1]!)), this.#value(i));
    }
    for (let k = 0; k < this.#addedEnd; k += 2) visit(this.#added[k]!, this.#added[k + 1]!);
  }

  /** Calls `visit` for every line as it was received, removed ones too. */
  forEachReceived(visit: (name: string, value: string) => void): void {
    for (let i = 0; i < this.#count; i++) {
      const k = i * LINE_FIELDS;
      visit(canonicalName(this.#text.slice(this.#lines[k]!, this.#lines[k + 1]!)), this.#value(i));
    }
  }

  /** Number of lines. */
  get size(): number {
    let n = this.#addedEnd / 2;
    for (let i = 0; i < this.#count; i++) if (!this.#anyRemoved || this.#removed[i] === 0) n++;
    return n;
  }

  /** True when every added line has a name and a value that may stand in a message head (spec filters 3.5). */
  additionsAreLegal(): boolean {
    const added = this.#added;
    for (let k = 0; k < this.#addedEnd; k += 2)
      if (!isKnownName(added[k]!) || ILLEGAL_IN_VALUE.test(added[k + 1]!)) return false;
    return true;
  }

  /** Drops added lines whose name is illegal and puts blanks for illegal characters of added values (spec filters 3.5). */
  mendAdditions(): void {
    if (this.additionsAreLegal()) return;
    const added = this.#added;
    let kept = 0;
    for (let k = 0; k < this.#addedEnd; k += 2) {
      if (!isName(added[k]!)) continue;
      added[kept++] = added[k]!;
      added[kept++] = added[k + 1]!.replaceAll(ALL_ILLEGAL_IN_VALUE, " ");
    }
    this.#addedEnd = kept;
  }

  /** A copy that does not share changes; the received text is shared. */
  clone(): Headers {
    const copy = new Headers();
    copy.#text = this.#text;
    copy.#lines = this.#lines.slice(0, this.#count * LINE_FIELDS);
    copy.#count = this.#count;
    copy.#kinds = this.#kinds.slice(0, this.#count);
    copy.#special = this.#special;
    copy.#removed = this.#removed.slice();
    copy.#anyRemoved = this.#anyRemoved;
    for (let k = 0; k < this.#addedEnd; k++) copy.#added[k] = this.#added[k]!;
    copy.#addedEnd = this.#addedEnd;
    return copy;
  }

  /** Marks a received line as removed; for the codec, which knows framing lines by number. */
  removeLine(index: number): void {
    if (!this.#anyRemoved) {
      this.#anyRemoved = true;
      if (this.#removed.length < this.#count) this.#removed = new Uint8Array(Math.max(this.#count, 32));
      else for (let i = 0; i < this.#count; i++) this.#removed[i] = 0;
    }
    this.#removed[index] = 1;
  }

  /**
   * The lines as bytes of a message head, each ended by CRLF. Runs of unchanged lines are one slice of the received text.
   * `canonical` false means that some received name is not in canonical form, so each must be looked at.
   */
  serialize(canonical: boolean): string {
    let out = canonical ? this.#copyRuns() : this.#copyLines();
    const added = this.#added;
    for (let k = 0; k < this.#addedEnd; k += 2) out += `${added[k]!}: ${added[k + 1]!}\r\n`;
    return out;
  }

  #copyRuns(): string {
    const count = this.#count;
    if (count === 0) return "";
    const lines = this.#lines;
    const removed = this.#removed;
    if (!this.#anyRemoved) return this.#text.slice(lines[0]!, this.#lineEnd(count - 1));
    let out = "";
    for (let i = 0; i < count; ) {
      if (removed[i] === 1) {
        i++;
        continue;
      }
      const first = i;
      while (i < count && removed[i] === 0) i++;
      out += this.#text.slice(lines[first * LINE_FIELDS]!, this.#lineEnd(i - 1));
    }
    return out;
  }

  #copyLines(): string {
    let out = "";
    for (let i = 0; i < this.#count; i++) {
      if (this.#anyRemoved && this.#removed[i] === 1) continue;
      const k = i * LINE_FIELDS;
      const name = canonicalName(this.#text.slice(this.#lines[k]!, this.#lines[k + 1]!));
      out += `${name}: ${this.#value(i)}\r\n`;
    }
    return out;
  }

  /** Where the line after `i` begins: a value is followed by optional blanks and CRLF. */
  #lineEnd(i: number): number {
    return i + 1 < this.#count
      ? this.#lines[(i + 1) * LINE_FIELDS]!
      : this.#text.indexOf("\n", this.#lines[i * LINE_FIELDS + 3]!) + 1;
  }

  #find(name: string, from: number): number {
    const lines = this.#lines;
    const length = name.length;
    for (let i = from; i < this.#count; i++) {
      const k = i * LINE_FIELDS;
      const start = lines[k]!;
      if (lines[k + 1]! - start !== length) continue;
      if (this.#anyRemoved && this.#removed[i] === 1) continue;
      if (sameName(this.#text, start, start + length, name)) return i;
    }
    return -1;
  }

  #findAdded(name: string, from: number): number {
    const added = this.#added;
    const length = name.length;
    for (let k = from; k < this.#addedEnd; k += 2) {
      const candidate = added[k]!;
      if (candidate.length === length && sameName(candidate, 0, length, name)) return k;
    }
    return -1;
  }

  #value(i: number): string {
    const k = i * LINE_FIELDS;
    return this.#text.slice(this.#lines[k + 2]!, this.#lines[k + 3]!);
  }
}

const empty = new Int32Array(0);
