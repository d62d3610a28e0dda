// Several ranges of a representation in one body (RFC 9110 14.6).

import type { ByteRange } from "../http/byte-ranges.ts";
import type { Representation } from "./representation.ts";

export class MultipartRanges {
  readonly contentType: string;
  readonly length: number;
  readonly #representation: Representation;
  readonly #ranges: readonly ByteRange[];
  readonly #type: string;
  readonly #boundary: string;

  /** `type`: the Content-Type of the whole representation. */
  constructor(representation: Representation, ranges: readonly ByteRange[], type: string) {
    this.#representation = representation;
    this.#ranges = ranges;
    this.#type = type;
    this.#boundary = `routes-${Math.random().toString(16).slice(2).padEnd(13, "0")}`;
    this.contentType = `multipart/byteranges; boundary=${this.#boundary}`;
    const bytes = ranges.reduce((sum, range) => sum + this.#head(range).length + range.end - range.start + 2, 0);
    this.length = bytes + this.#tail().length;
  }

  *parts(): Generator<Buffer> {
    for (const range of this.#ranges) {
      yield this.#head(range);
      yield* this.#representation.parts(range);
      yield Buffer.from("\r\n");
    }
    yield this.#tail();
  }

  #head(range: ByteRange): Buffer {
    const line = contentRange(range, this.#representation.length);
    return Buffer.from(`--${this.#boundary}\r\nContent-Range: ${line}\r\nContent-Type: ${this.#type}\r\n\r\n`);
  }

  #tail(): Buffer {
    return Buffer.from(`--${this.#boundary}--\r\n`);
  }
}

/** The header Content-Range of one range of so many bytes. */
export function contentRange({ start, end }: ByteRange, length: number): string {
  return `bytes ${start}-${end - 1}/${length}`;
}
