// Hot path: a table look-up per byte of a size line, nothing per byte of data. Guarded by parser.bench.ts.
//
// Chunked bodies (RFC 9112 7.1): finds data without copying it, at whatever places the bytes were cut. Strict: CRLF only, sizes
// of hex digits, extensions of the grammar; they are dropped. Used for bodies of both sides.
//
// States: SIZE_FIRST SIZE -> (extension states) -> SIZE_LF -> DATA -> DATA_CR DATA_LF -> SIZE_FIRST, and after size 0:
// TRAILER_FIRST -> (TRAILER_LINE TRAILER_LF)* -> END_LF -> ENDED.

import { latin1 } from "../latin1.ts";
import { BAD_CHUNK_END, BAD_CHUNK_SIZE, BAD_TRAILER, CHUNK_LINE_TOO_LONG, TRAILER_TOO_LARGE } from "./errors.ts";
import { type FieldLines, resetFields, scanFields } from "./field-lines.ts";
import { maxChunkExtensionBytes, maxChunkLineBytes, trailerLimits } from "./limits.ts";
import { CR, HEX, HTAB, LF, SP, TOKEN, VALUE } from "./tables.ts";

/** What `next` found. */
export const ChunkEvent = {
  /** All bytes given were used; more are needed. */
  needMore: 0,
  /** `dataStart` to `dataEnd` are body bytes. */
  data: 1,
  /** The body is complete, trailers included; `position` is the first byte after it. */
  end: 2,
} as const;

const SIZE_FIRST = 0;
const SIZE = 1;
const SIZE_BLANK = 2;
const EXT_NAME_FIRST = 3;
const EXT_NAME = 4;
const EXT_NAME_BLANK = 5;
const EXT_VALUE_FIRST = 6;
const EXT_VALUE = 7;
const EXT_VALUE_BLANK = 8;
const EXT_QUOTED = 9;
const EXT_QUOTED_PAIR = 10;
const EXT_QUOTED_END = 11;
const SIZE_LF = 12;
const DATA = 13;
const DATA_CR = 14;
const DATA_LF = 15;
const TRAILER_FIRST = 16;
const TRAILER_LINE = 17;
const TRAILER_LF = 18;
const END_LF = 19;
const ENDED = 20;

const SEMICOLON = 0x3b;
const EQUALS = 0x3d;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** More hexadecimal digits than a safe integer has. */
const MAX_SIZE_DIGITS = 16;

/** A trailer section that was received; the same shape as the header lines of a head. */
export class Trailers implements FieldLines {
  text = "";
  lines = new Int32Array(4 * 8);
  kinds = new Uint8Array(8);
  lineCount = 0;
  special = 0;
  canonical = true;
  folded = false;
  resumeAt = 0;
  searchedTo = 0;
}

export class ChunkedDecoder {
  /** After an event: the first byte that was not used. */
  position = 0;
  dataStart = 0;
  dataEnd = 0;
  /** Set after ChunkEvent.end when there were trailers. */
  trailers: Trailers | null = null;
  #state = SIZE_FIRST;
  /** Size being read, then the bytes of the chunk that are still to come. */
  #left = 0;
  #digits = 0;
  #lineBytes = 0;
  #extensionBytes = 0;
  #trailerText = "";

  /** Makes the decoder ready for a new body. */
  reset(): void {
    this.trailers = null;
    this.#state = SIZE_FIRST;
    this.#left = 0;
    this.#digits = 0;
    this.#lineBytes = 0;
    this.#extensionBytes = 0;
    this.#trailerText = "";
  }

  /** True after ChunkEvent.end. */
  get ended(): boolean {
    return this.#state === ENDED;
  }

  /**
   * Goes on with the bytes `pos` to `end`: ChunkEvent.needMore, ChunkEvent.data, ChunkEvent.end, or an error code (< 0, errors.ts), after which
   * the decoder must not be asked again. After ChunkEvent.data call again with `this.position`.
   */
  next(buffer: Buffer, pos: number, end: number): number {
    let at = pos;
    while (at < end) {
      if (this.#state === DATA) {
        const stop = end - at < this.#left ? end : at + this.#left;
        this.dataStart = at;
        this.dataEnd = stop;
        this.position = stop;
        this.#left -= stop - at;
        if (this.#left === 0) this.#state = DATA_CR;
        return ChunkEvent.data;
      }
      if (this.#state >= TRAILER_FIRST) return this.#trailer(buffer, at, end);
      const error = this.#step(buffer[at++]!);
      if (error < 0) return error;
    }
    this.position = at;
    return ChunkEvent.needMore;
  }

  /** One byte outside of data and trailers. Returns 0 or an error code. */
  #step(byte: number): number {
    switch (this.#state) {
      case SIZE_FIRST:
        if (HEX[byte]! > 15) return BAD_CHUNK_SIZE;
        this.#left = HEX[byte]!;
        this.#digits = 1;
        this.#lineBytes = 1;
        this.#state = SIZE;
        return 0;
      case SIZE:
        if (HEX[byte]! <= 15) {
          this.#left = this.#left * 16 + HEX[byte]!;
          this.#lineBytes++;
          return ++this.#digits > MAX_SIZE_DIGITS || this.#left > Number.MAX_SAFE_INTEGER ? BAD_CHUNK_SIZE : 0;
        }
        if (byte === CR) return this.#go(SIZE_LF);
        if (byte === SEMICOLON) return this.#go(EXT_NAME_FIRST);
        return isBlank(byte) ? this.#go(SIZE_BLANK) : BAD_CHUNK_SIZE;
      case SIZE_LF:
        if (byte !== LF) return BAD_CHUNK_SIZE;
        this.#state = this.#left === 0 ? TRAILER_FIRST : DATA;
        return 0;
      case DATA_CR:
        return byte === CR ? this.#go(DATA_LF) : BAD_CHUNK_END;
      case DATA_LF:
        return byte === LF ? this.#go(SIZE_FIRST) : BAD_CHUNK_END;
      default:
        return this.#extension(byte);
    }
  }

  #go(state: number): number {
    this.#state = state;
    return 0;
  }

  /** RFC 9112 7.1.1: *( BWS ";" BWS name [ BWS "=" BWS ( token / quoted-string ) ] ). */
  #extension(byte: number): number {
    if (++this.#lineBytes > maxChunkLineBytes || ++this.#extensionBytes > maxChunkExtensionBytes) {
      return CHUNK_LINE_TOO_LONG;
    }
    const blank = isBlank(byte);
    const token = TOKEN[byte] === 1;
    switch (this.#state) {
      case SIZE_BLANK:
      case EXT_VALUE_BLANK:
        if (blank) return 0;
        return byte === SEMICOLON ? this.#go(EXT_NAME_FIRST) : BAD_CHUNK_SIZE;
      case EXT_NAME_FIRST:
        if (blank) return 0;
        return token ? this.#go(EXT_NAME) : BAD_CHUNK_SIZE;
      case EXT_NAME:
        if (token) return 0;
        if (byte === EQUALS) return this.#go(EXT_VALUE_FIRST);
        return blank ? this.#go(EXT_NAME_BLANK) : this.#extensionEnd(byte);
      case EXT_NAME_BLANK:
        if (blank) return 0;
        if (byte === EQUALS) return this.#go(EXT_VALUE_FIRST);
        return byte === SEMICOLON ? this.#go(EXT_NAME_FIRST) : BAD_CHUNK_SIZE;
      case EXT_VALUE_FIRST:
        if (blank) return 0;
        if (byte === QUOTE) return this.#go(EXT_QUOTED);
        return token ? this.#go(EXT_VALUE) : BAD_CHUNK_SIZE;
      case EXT_VALUE:
        if (token) return 0;
        return blank ? this.#go(EXT_VALUE_BLANK) : this.#extensionEnd(byte);
      case EXT_QUOTED:
        if (byte === QUOTE) return this.#go(EXT_QUOTED_END);
        if (byte === BACKSLASH) return this.#go(EXT_QUOTED_PAIR);
        return VALUE[byte] === 1 ? 0 : BAD_CHUNK_SIZE;
      case EXT_QUOTED_PAIR:
        return VALUE[byte] === 1 ? this.#go(EXT_QUOTED) : BAD_CHUNK_SIZE;
      default:
        return blank ? this.#go(EXT_VALUE_BLANK) : this.#extensionEnd(byte);
    }
  }

  #extensionEnd(byte: number): number {
    if (byte === CR) return this.#go(SIZE_LF);
    return byte === SEMICOLON ? this.#go(EXT_NAME_FIRST) : BAD_CHUNK_SIZE;
  }

  /** The trailer section is collected as text and checked as a whole: there is hardly ever one. */
  #trailer(buffer: Buffer, pos: number, end: number): number {
    let at = pos;
    let kept = pos;
    while (at < end && this.#state !== ENDED) {
      const byte = buffer[at++]!;
      switch (this.#state) {
        case TRAILER_FIRST:
          if (byte === CR) {
            this.#trailerText += latin1(buffer, kept, at - 1);
            kept = end;
            this.#state = END_LF;
          } else if (byte === LF) return BAD_TRAILER;
          else this.#state = TRAILER_LINE;
          break;
        case TRAILER_LINE:
          if (byte === CR) this.#state = TRAILER_LF;
          else if (VALUE[byte] === 0) return BAD_TRAILER;
          break;
        case TRAILER_LF:
          if (byte !== LF) return BAD_TRAILER;
          this.#state = TRAILER_FIRST;
          break;
        default:
          if (byte !== LF) return BAD_TRAILER;
          this.#state = ENDED;
      }
      if (this.#trailerText.length + at - kept > trailerLimits.maxBytes) return TRAILER_TOO_LARGE;
    }
    this.position = at;
    if (this.#state !== ENDED) {
      if (kept < end) this.#trailerText += latin1(buffer, kept, end);
      return ChunkEvent.needMore;
    }
    return this.#trailerText === "" ? ChunkEvent.end : this.#parseTrailers();
  }

  #parseTrailers(): number {
    const trailers = new Trailers();
    trailers.text = `${this.#trailerText}\r\n`;
    resetFields(trailers);
    const bytes = Buffer.from(trailers.text, "latin1");
    const end = scanFields(trailers, bytes, 0, 0, bytes.length, trailerLimits.maxLines);
    if (end <= 0 || trailers.folded) return BAD_TRAILER;
    this.trailers = trailers;
    return ChunkEvent.end;
  }
}

function isBlank(byte: number): boolean {
  return byte === SP || byte === HTAB;
}

/** The size line of a chunk of `size` bytes (> 0) to write; the data and CRLF follow it. */
export function chunkHeader(size: number): string {
  return `${size.toString(16)}\r\n`;
}

/** What ends a chunked body without trailers. */
export const LAST_CHUNK = "0\r\n\r\n";
