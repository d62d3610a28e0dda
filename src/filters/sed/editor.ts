// The scan of the sed filters over a body that comes in pieces (spec filters 7.4). Kept are the bytes that may still belong to a match;
// what cannot is released. Two ways of cutting: unbound (a match may end anywhere, so one at the end of what is kept waits for more)
// and by a delimiter (chunks up to and including it are edited one by one).

import type { BodyTransform, Transformed } from "../../spec/context.ts";
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
/** What is released goes on in pieces of this size: megabytes at once would wait for a slow client, and be collected late. */
const PIECE_BYTES = 65_536;

export class BodyEditor implements BodyTransform {
  readonly #settings: EditorSettings;
  readonly #readBytes: number;
  readonly #replacement: Buffer;
  readonly #delimiter: Buffer;
  /** So much is kept at most: what full reads can come to in a round. Small reads in a long round must not lead to more. */
  readonly #mostBytes: number;
  /** What is kept, behind `#seen` bytes that have gone on. */
  readonly #bytes = new GrowingBytes();
  /** What goes on with the present piece. */
  readonly #out = new GrowingBytes();
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
    this.#replacement = Buffer.from(settings.replacement, "latin1");
    this.#delimiter = Buffer.from(settings.delimiter, "latin1");
    this.#readBytes = Math.min(READ_BYTES, settings.maxBytes);
    this.#mostBytes = 2 * settings.maxBytes + this.#readBytes;
  }

  write(chunk: Uint8Array): Transformed {
    for (let at = 0; at < chunk.length; at += this.#readBytes) {
      this.#bytes.append(chunk.subarray(at, at + this.#readBytes));
      if (++this.#reads < this.#round && this.#keptBytes < this.#mostBytes) continue;
      const released = this.#out.length;
      this.#editRound();
      this.#round = this.#out.length === released ? this.#round * 2 : 1;
    }
    return this.#released();
  }

  end(): Transformed {
    const isScanned = this.#reads === 0 && !this.#keepsPartOfCharacter;
    if (this.#delimiter.length > 0) {
      this.#editChunks();
      this.#editChunk(this.#bytes.length);
    } else if (!isScanned) this.#edit(this.#bytes.length, true);
    else this.#out.append(this.#keepsMatch ? this.#replacement : this.#bytes.bytes.subarray(this.#seen));
    return this.#released();
  }

  /** The room for it serves again: what comes next comes when all of this was taken. */
  #released(): Transformed {
    const out = this.#out.bytes;
    this.#out.dropFirst(out.length);
    if (out.length > PIECE_BYTES) return copiesOf(out);
    return out.length === 0 ? null : Buffer.from(out);
  }

  get #keptBytes(): number {
    return this.#bytes.length - this.#seen;
  }

  #editRound(): void {
    this.#reads = 0;
    const { maxBytes, handling } = this.#settings;
    const isBound = this.#delimiter.length > 0;
    if (isBound) this.#editChunks();
    else this.#edit(wholeCharacters(this.#bytes.bytes), false);
    if (this.#keptBytes <= maxBytes) return;
    if (handling === "abort") throw new Error(`sed: more than ${maxBytes} bytes without an end of a match`);
    // Too much is kept: it is edited as if it were a chunk of its own.
    const end = wholeCharacters(this.#bytes.bytes);
    if (isBound) this.#editChunk(end);
    else this.#edit(end, true);
  }

  #editChunks(): void {
    const delimiter = this.#delimiter;
    let from = 0;
    for (;;) {
      const at = this.#bytes.bytes.indexOf(delimiter, Math.max(from, this.#searched));
      if (at < 0) break;
      const end = at + delimiter.length;
      this.#scan(this.#bytes.bytes.subarray(from, end), 0, true);
      from = end;
    }
    this.#bytes.dropFirst(from);
    this.#searched = Math.max(0, this.#bytes.length - delimiter.length + 1);
  }

  /** What is kept up to `end` as a chunk, a text of its own: `^` is its beginning, and a match at its end is one. */
  #editChunk(end: number): void {
    this.#scan(this.#bytes.bytes.subarray(0, end), 0, true);
    this.#bytes.dropFirst(end);
    this.#searched = 0;
  }

  /** One scan over what is kept up to `end`, which lets go of what it can. `isLast`: as if nothing followed. */
  #edit(end: number, isLast: boolean): void {
    const rest = this.#scan(this.#bytes.bytes.subarray(0, end), this.#seen, isLast);
    this.#keepsPartOfCharacter = end < this.#bytes.length;
    if (rest === this.#seen) return;
    this.#bytes.dropFirst(rest - 1);
    this.#seen = 1;
  }

  /** Puts out what is done with, edited; gives where the rest begins. */
  #scan(bytes: Buffer, start: number, isLast: boolean): number {
    let rest = start;
    let keepsMatch = false;
    this.#settings.pattern.scan(bytes, start, (from, to) => {
      keepsMatch = from < to && !isLast && to === bytes.length;
      this.#out.append(bytes.subarray(rest, from));
      rest = from;
      // Nothing behind an empty match is replaced in this round.
      if (from === to || keepsMatch) return false;
      this.#out.append(this.#replacement);
      rest = to;
      return true;
    });
    this.#keepsMatch = keepsMatch;
    if (!isLast) return rest;
    this.#out.append(bytes.subarray(rest));
    return bytes.length;
  }
}

async function* copiesOf(bytes: Buffer): AsyncGenerator<Uint8Array> {
  for (let at = 0; at < bytes.length; at += PIECE_BYTES) yield Buffer.from(bytes.subarray(at, at + PIECE_BYTES));
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
