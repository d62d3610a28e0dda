// The scan of the sed filters over a body that comes in pieces (spec filters 7.4). Kept are the bytes that may still belong to a match;
// what cannot is released. Two ways of cutting: unbound (a match may end anywhere, so one at the end of what is kept waits for more)
// and by a delimiter (chunks up to and including it are edited one by one).

import type { BodyTransform } from "../../spec/context.ts";
import { GrowingBytes } from "../../util/growing-bytes.ts";
import type { CompiledRegexp } from "../../util/regexp.ts";

/** What happens when more than `maxBytes` are kept: the rest of the body breaks off, or is edited as if it ended here. */
export type Handling = "abort" | "best-effort";

export interface EditorSettings {
  readonly pattern: CompiledRegexp;
  /** Byte string. */
  readonly replacement: string;
  /** Byte string; "" for the unbound way. */
  readonly delimiter: string;
  readonly maxBytes: number;
  readonly handling: Handling;
}

/** Bytes that count as one read of the body. */
const READ_BYTES = 8192;

export class BodyEditor implements BodyTransform {
  readonly #settings: EditorSettings;
  readonly #readBytes: number;
  /** So much is kept at most: what full reads can come to in a round. Small reads in a long round must not lead to more. */
  readonly #mostBytes: number;
  #kept = "";
  /** What was read behind it in the present round. */
  readonly #unread = new GrowingBytes();
  /** The byte in front of what is kept, which `\b` and `(?m)^` look at; "" at the beginning of the body. */
  #before = "";
  /** The last scan ended with a match that may still grow, and which is all that is kept. */
  #keepsMatch = false;
  /** The last scan left the beginning of a character at the end out. */
  #keepsPartOfCharacter = false;
  /** Reads until the next scan: doubled while nothing is released, so that a long body without a match is not scanned again and again. */
  #round = 1;
  #reads = 0;
  /** Up to here what is kept holds no delimiter. */
  #searched = 0;

  constructor(settings: EditorSettings) {
    this.#settings = settings;
    this.#readBytes = Math.min(READ_BYTES, settings.maxBytes);
    this.#mostBytes = 2 * settings.maxBytes + this.#readBytes;
  }

  write(chunk: Uint8Array): Uint8Array | null {
    let out = "";
    for (let at = 0; at < chunk.length; at += this.#readBytes) {
      this.#unread.append(chunk.subarray(at, at + this.#readBytes));
      if (++this.#reads < this.#round && this.#kept.length + this.#unread.length < this.#mostBytes) continue;
      const released = this.#editRound();
      this.#round = released === "" ? this.#round * 2 : 1;
      out += released;
    }
    return out === "" ? null : Buffer.from(out, "latin1");
  }

  end(): Uint8Array | null {
    const isScanned = this.#reads === 0 && !this.#keepsPartOfCharacter;
    this.#takeReads();
    let out: string;
    if (this.#settings.delimiter !== "") out = this.#editChunks() + this.#editChunk(this.#kept);
    else if (!isScanned) out = this.#edit(this.#kept.length, true);
    else out = this.#keepsMatch ? this.#settings.replacement : this.#kept;
    return out === "" ? null : Buffer.from(out, "latin1");
  }

  #takeReads(): void {
    this.#reads = 0;
    this.#kept += this.#unread.takeText();
  }

  #editRound(): string {
    this.#takeReads();
    const { delimiter, maxBytes, handling } = this.#settings;
    const released = delimiter === "" ? this.#edit(wholeCharacters(this.#kept), false) : this.#editChunks();
    if (this.#kept.length <= maxBytes) return released;
    if (handling === "abort") throw new Error(`sed: more than ${maxBytes} bytes without an end of a match`);
    return released + this.#flush();
  }

  /** Too much is kept: it is edited as if it were a chunk of its own. */
  #flush(): string {
    const end = wholeCharacters(this.#kept);
    if (this.#settings.delimiter === "") return this.#edit(end, true);
    const chunk = this.#kept.slice(0, end);
    this.#kept = this.#kept.slice(end);
    this.#searched = 0;
    return this.#editChunk(chunk);
  }

  #editChunks(): string {
    const { delimiter } = this.#settings;
    let out = "";
    let from = 0;
    for (;;) {
      const at = this.#kept.indexOf(delimiter, Math.max(from, this.#searched));
      if (at < 0) break;
      const end = at + delimiter.length;
      out += this.#editChunk(this.#kept.slice(from, end));
      from = end;
    }
    if (from > 0) this.#kept = this.#kept.slice(from);
    this.#searched = Math.max(0, this.#kept.length - delimiter.length + 1);
    return out;
  }

  /** A chunk is a text of its own: `^` is its beginning, and a match at its end is one. */
  #editChunk(chunk: string): string {
    return this.#scan(chunk, 0, true).out;
  }

  /** One scan over what is kept up to `end`; gives what is released. `isLast`: as if nothing followed. */
  #edit(end: number, isLast: boolean): string {
    const rest = this.#kept.slice(end);
    const subject = this.#before + (rest === "" ? this.#kept : this.#kept.slice(0, end));
    const scan = this.#scan(subject, this.#before.length, isLast);
    this.#keepsMatch = scan.keepsMatch;
    this.#keepsPartOfCharacter = rest !== "";
    if (scan.rest > this.#before.length) this.#before = subject.charAt(scan.rest - 1);
    this.#kept = subject.slice(scan.rest) + rest;
    return scan.out;
  }

  #scan(subject: string, start: number, isLast: boolean): { out: string; rest: number; keepsMatch: boolean } {
    const { pattern, replacement } = this.#settings;
    let out = "";
    let rest = start;
    let keepsMatch = false;
    pattern.scan(subject, start, (match) => {
      const isEmpty = match.start === match.end;
      keepsMatch = !isEmpty && !isLast && match.end === subject.length;
      out += subject.slice(rest, match.start);
      rest = match.start;
      // Nothing behind an empty match is replaced in this round.
      if (isEmpty || keepsMatch) return false;
      out += replacement;
      rest = match.end;
      return true;
    });
    if (!isLast) return { out, rest, keepsMatch };
    return { out: out + subject.slice(rest), rest: subject.length, keepsMatch: false };
  }
}

/** Bytes without the first ones of a UTF-8 sequence at the end whose rest may follow: they are no character yet. */
function wholeCharacters(bytes: string): number {
  for (let length = 1; length <= 3 && length <= bytes.length; length++) {
    const byte = bytes.charCodeAt(bytes.length - length);
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const whole = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return byte < 0xf8 && length < whole ? bytes.length - length : bytes.length;
  }
  return bytes.length;
}
