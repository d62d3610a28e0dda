// Cuts JSON values out of bytes that come in pieces: the items of a list (`{"items":[...],"metadata":{...}}`) and the events of a
// watch, one object after the other. Each value is parsed when its last byte is there, so that neither a whole list nor its text is
// ever in memory. What is between the values is only looked at as far as cutting needs; each value is checked by JSON.parse.

const QUOTE = 0x22;
const BACKSLASH = 0x5c;
const COMMA = 0x2c;
const OPEN_BRACKET = 0x5b;
const CLOSE_BRACKET = 0x5d;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const SPACE = 0x20;
const COLON = 0x3a;

/** Bytes of one item or event; the API server stores no object of more than 1.5 MiB. */
export const MAX_VALUE_BYTES = 16 << 20;
/** Bytes of a list around its items. */
const MAX_ENVELOPE_BYTES = 1 << 20;

/** What is wrong with a document; the message says where. */
export class JsonCutError extends Error {}

const BETWEEN = 0;
const NESTED = 1;
const STRING = 2;
const SCALAR = 3;

/** Collects the bytes of one value after the other. */
class ValueCutter {
  #state = BETWEEN;
  #depth = 0;
  #inString = false;
  #escaped = false;
  #pieces: Buffer[] = [];
  #length = 0;

  /** True when a value has begun and not ended. */
  get isOpen(): boolean {
    return this.#state !== BETWEEN;
  }

  /**
   * Reads on from `at`, where a value begins or goes on. Gives the index behind its last byte, or -1 when the value has not ended
   * in this chunk. A number or word ends before the byte that follows it.
   */
  read(chunk: Buffer, at: number): number {
    const start = at;
    if (this.#state === BETWEEN) {
      const first = chunk[at]!;
      this.#state = first === OPEN_BRACE || first === OPEN_BRACKET ? NESTED : first === QUOTE ? STRING : SCALAR;
      this.#depth = 0;
    }
    const end = this.#state === SCALAR ? endOfScalar(chunk, at) : this.#endOfNested(chunk, at);
    const piece = chunk.subarray(start, end < 0 ? chunk.length : end);
    this.#length += piece.length;
    if (this.#length > MAX_VALUE_BYTES) throw new JsonCutError(`an object is larger than ${MAX_VALUE_BYTES} bytes`);
    if (end < 0) {
      // The chunk belongs to the stream, which may use its memory again.
      this.#pieces.push(Buffer.from(piece));
      return -1;
    }
    this.#pieces.push(piece);
    this.#state = BETWEEN;
    return end;
  }

  /** The value that ended, parsed. */
  take(): unknown {
    const pieces = this.#pieces;
    const bytes = pieces.length === 1 ? pieces[0]! : Buffer.concat(pieces);
    this.#pieces = [];
    this.#length = 0;
    return parseJson(bytes.toString());
  }

  #endOfNested(chunk: Buffer, from: number): number {
    let depth = this.#depth;
    let inString = this.#inString;
    let escaped = this.#escaped;
    let end = -1;
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (inString) {
        if (escaped) escaped = false;
        else if (byte === BACKSLASH) escaped = true;
        else if (byte === QUOTE) inString = false;
        else if (byte >= SPACE) continue;
        // Without this, a quote that is missing would make the rest of a watch one string.
        else throw new JsonCutError("invalid JSON: a control character in a string");
        if (inString || depth > 0) continue;
        end = i + 1;
        break;
      }
      if (byte === QUOTE) inString = true;
      else if (byte === OPEN_BRACE || byte === OPEN_BRACKET) depth++;
      else if ((byte === CLOSE_BRACE || byte === CLOSE_BRACKET) && --depth <= 0) {
        end = i + 1;
        break;
      }
    }
    this.#depth = depth;
    this.#inString = inString;
    this.#escaped = escaped;
    return end;
  }
}

function endOfScalar(chunk: Buffer, from: number): number {
  for (let i = from; i < chunk.length; i++) {
    const byte = chunk[i]!;
    if (byte <= SPACE || byte === COMMA || byte === CLOSE_BRACKET || byte === CLOSE_BRACE) return i;
  }
  return -1;
}

/** Throws a JsonCutError for what is no JSON. */
export function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch (cause) {
    throw new JsonCutError(`invalid JSON: ${(cause as Error).message}`);
  }
}

/** The objects of a watch: one after the other, with nothing but white space between them. */
export class EventCutter {
  readonly #cutter = new ValueCutter();
  readonly #take: (value: unknown) => void;

  constructor(take: (value: unknown) => void) {
    this.#take = take;
  }

  /** Throws a JsonCutError for what is no JSON, and whatever `take` throws. */
  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) {
      if (!this.#cutter.isOpen && chunk[at]! <= SPACE) {
        at++;
        continue;
      }
      if (!this.#cutter.isOpen && chunk[at] !== OPEN_BRACE) throw new JsonCutError("invalid JSON: expected an object");
      at = this.#cutter.read(chunk, at);
      if (at < 0) return;
      this.#take(this.#cutter.take());
    }
  }

  /** True when the stream may end here. */
  get isComplete(): boolean {
    return !this.#cutter.isOpen;
  }
}

/** The items of a list, one by one, and the rest of its document at the end. */
export class ListCutter {
  readonly #cutter = new ValueCutter();
  readonly #take: (item: unknown) => void;
  /** The document with an empty array in place of the items. */
  readonly #envelope: number[] = [];
  #depth = 0;
  #inString = false;
  #escaped = false;
  /** The last string at depth 1, while it is read and after: the name of the field whose value comes. */
  #name = "";
  #isNameNext = true;
  #inItems = false;

  constructor(take: (item: unknown) => void) {
    this.#take = take;
  }

  write(chunk: Buffer): void {
    let at = 0;
    while (at < chunk.length) at = this.#inItems ? this.#readItems(chunk, at) : this.#readEnvelope(chunk, at);
  }

  /** The document without its items; throws a JsonCutError when it is not complete or no JSON. */
  end(): unknown {
    if (this.#inItems || this.#depth > 0) throw new JsonCutError("unexpected end of the body");
    return parseJson(Buffer.from(this.#envelope).toString());
  }

  #readItems(chunk: Buffer, from: number): number {
    let at = from;
    while (at < chunk.length) {
      const byte = chunk[at]!;
      if (!this.#cutter.isOpen) {
        if (byte === CLOSE_BRACKET || byte === CLOSE_BRACE) {
          this.#inItems = false;
          return at;
        }
        if (byte <= SPACE || byte === COMMA) {
          at++;
          continue;
        }
      }
      at = this.#cutter.read(chunk, at);
      if (at < 0) return chunk.length;
      this.#take(this.#cutter.take());
    }
    return at;
  }

  /** Byte by byte: there are few of them. */
  #readEnvelope(chunk: Buffer, from: number): number {
    for (let i = from; i < chunk.length; i++) {
      const byte = chunk[i]!;
      if (this.#envelope.push(byte) > MAX_ENVELOPE_BYTES) {
        throw new JsonCutError(`a list has more than ${MAX_ENVELOPE_BYTES} bytes besides its items`);
      }
      if (this.#inString) {
        this.#readString(byte);
        continue;
      }
      switch (byte) {
        case QUOTE:
          this.#inString = true;
          if (this.#depth === 1 && this.#isNameNext) this.#name = "";
          break;
        case COLON:
          if (this.#depth === 1) this.#isNameNext = false;
          break;
        case COMMA:
          if (this.#depth === 1) this.#isNameNext = true;
          break;
        case OPEN_BRACE:
        case OPEN_BRACKET:
          this.#depth++;
          if (byte === OPEN_BRACKET && this.#depth === 2 && !this.#isNameNext && this.#name === "items") {
            this.#inItems = true;
            return i + 1;
          }
          break;
        case CLOSE_BRACE:
        case CLOSE_BRACKET:
          this.#depth--;
          break;
      }
    }
    return chunk.length;
  }

  #readString(byte: number): void {
    if (this.#escaped) this.#escaped = false;
    else if (byte === BACKSLASH) this.#escaped = true;
    else if (byte === QUOTE) {
      this.#inString = false;
      return;
    }
    if (this.#depth === 1 && this.#isNameNext) this.#name += String.fromCharCode(byte);
  }
}
