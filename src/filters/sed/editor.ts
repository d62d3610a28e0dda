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
  readonly #delimiter: Buffer;
  /** So much is kept at most: what full reads can come to in a round. Small reads in a long round must not lead to more. */
  readonly #mostBytes: number;
  /** What is kept, behind `#seen` bytes that have gone on. */
  readonly #bytes = new GrowingBytes();
  /** 1: the byte in front of what is kept, which `\b` and `(?m)^` look at; 0 at the beginning of the body. */
  #seen = 0;
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
    this.#delimiter = Buffer.from(settings.delimiter, "latin1");
    this.#readBytes = Math.min(READ_BYTES, settings.maxBytes);
    this.#mostBytes = 2 * settings.maxBytes + this.#readBytes;
  }

  write(chunk: Uint8Array): Uint8Array | null {
    let out = "";
    for (let at = 0; at < chunk.length; at += this.#readBytes) {
      this.#bytes.append(chunk.subarray(at, at + this.#readBytes));
      if (++this.#reads < this.#round && this.#keptBytes < this.#mostBytes) continue;
      const released = this.#editRound();
      this.#round = released === "" ? this.#round * 2 : 1;
      out += released;
    }
    return out === "" ? null : Buffer.from(out, "latin1");
  }

  end(): Uint8Array | null {
    const isScanned = this.#reads === 0 && !this.#keepsPartOfCharacter;
    let out: string;
    if (this.#delimiter.length > 0) out = this.#editChunks() + this.#editChunk(this.#bytes.length);
    else if (!isScanned) out = this.#edit(this.#bytes.length, true);
    else out = this.#keepsMatch ? this.#settings.replacement : text(this.#bytes.bytes, this.#seen, this.#bytes.length);
    return out === "" ? null : Buffer.from(out, "latin1");
  }

  get #keptBytes(): number {
    return this.#bytes.length - this.#seen;
  }

  #editRound(): string {
    this.#reads = 0;
    const { maxBytes, handling } = this.#settings;
    const isBound = this.#delimiter.length > 0;
    const released = isBound ? this.#editChunks() : this.#edit(wholeCharacters(this.#bytes.bytes), false);
    if (this.#keptBytes <= maxBytes) return released;
    if (handling === "abort") throw new Error(`sed: more than ${maxBytes} bytes without an end of a match`);
    // Too much is kept: it is edited as if it were a chunk of its own.
    const end = wholeCharacters(this.#bytes.bytes);
    return released + (isBound ? this.#editChunk(end) : this.#edit(end, true));
  }

  #editChunks(): string {
    const delimiter = this.#delimiter;
    let out = "";
    let from = 0;
    for (;;) {
      const at = this.#bytes.bytes.indexOf(delimiter, Math.max(from, this.#searched));
      if (at < 0) break;
      const end = at + delimiter.length;
      out += this.#scan(this.#bytes.bytes.subarray(from, end), 0, true).out;
      from = end;
    }
    this.#bytes.dropFirst(from);
    this.#searched = Math.max(0, this.#bytes.length - delimiter.length + 1);
    return out;
  }

  /** What is kept up to `end` as a chunk, a text of its own: `^` is its beginning, and a match at its end is one. */
  #editChunk(end: number): string {
    const { out } = this.#scan(this.#bytes.bytes.subarray(0, end), 0, true);
    this.#bytes.dropFirst(end);
    this.#searched = 0;
    return out;
  }

  /** One scan over what is kept up to `end`; gives what is released. `isLast`: as if nothing followed. */
  #edit(end: number, isLast: boolean): string {
    const scan = this.#scan(this.#bytes.bytes.subarray(0, end), this.#seen, isLast);
    this.#keepsMatch = scan.keepsMatch;
    this.#keepsPartOfCharacter = end < this.#bytes.length;
    if (scan.rest > this.#seen) {
      this.#bytes.dropFirst(scan.rest - 1);
      this.#seen = 1;
    }
    return scan.out;
  }

  #scan(bytes: Buffer, start: number, isLast: boolean): { out: string; rest: number; keepsMatch: boolean } {
    const { pattern, replacement } = this.#settings;
    let out = "";
    let rest = start;
    let keepsMatch = false;
    pattern.scan(bytes, start, (from, to) => {
      keepsMatch = from < to && !isLast && to === bytes.length;
      out += text(bytes, rest, from);
      rest = from;
      // Nothing behind an empty match is replaced in this round.
      if (from === to || keepsMatch) return false;
      out += replacement;
      rest = to;
      return true;
    });
    if (!isLast) return { out, rest, keepsMatch };
    return { out: out + text(bytes, rest, bytes.length), rest: bytes.length, keepsMatch: false };
  }
}

function text(bytes: Buffer, from: number, to: number): string {
  return bytes.toString("latin1", from, to);
}

/** Number of bytes without the first ones of a UTF-8 sequence at the end whose rest may follow: they are no character yet. */
function wholeCharacters(bytes: Uint8Array): number {
  for (let length = 1; length <= 3 && length <= bytes.length; length++) {
    const byte = bytes[bytes.length - length]!;
    if (byte < 0x80) break;
    if (byte < 0xc0) continue;
    const whole = byte < 0xe0 ? 2 : byte < 0xf0 ? 3 : 4;
    return byte < 0xf8 && length < whole ? bytes.length - length : bytes.length;
  }
  return bytes.length;
}
