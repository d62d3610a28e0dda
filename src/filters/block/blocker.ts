// Looks for texts in a request body while it streams, and does not let one that holds any of them pass (spec filters 7.5). Up to the
// limit nothing goes on before the whole body was seen; a longer body streams from there on, but for the bytes at its end in which a
// text may begin.

import { BodyBlocked, type BodyTransform } from "../../spec/context.ts";
import { GrowingBytes } from "../../util/growing-bytes.ts";

const empty: Buffer = Buffer.alloc(0);

export class BodyBlocker implements BodyTransform {
  readonly #texts: readonly Buffer[];
  readonly #limit: number;
  /** Bytes at the end of what was seen in which a text may begin that is not complete. */
  readonly #overlap: number;
  /** The body so far; null once it was longer than the limit. */
  #held: GrowingBytes | null = new GrowingBytes();
  /** The last bytes that were seen, at most `#overlap`. While nothing is held they are what has not gone on. */
  #tail = empty;

  /** `limitBytes`: how much of a body is held back. */
  constructor(texts: readonly Buffer[], limitBytes: number) {
    this.#texts = texts;
    this.#limit = limitBytes;
    this.#overlap = Math.max(0, ...texts.map((text) => text.length - 1));
  }

  write(chunk: Uint8Array): Uint8Array | null {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const seen = this.#tail.length === 0 ? bytes : Buffer.concat([this.#tail, bytes]);
    for (const text of this.#texts) if (seen.includes(text)) throw blocked();
    if (this.#held === null) return this.#passOn(seen);
    this.#held.append(bytes);
    if (this.#held.length > this.#limit) {
      const all = this.#held.take();
      this.#held = null;
      return this.#passOn(all);
    }
    this.#tail = seen.subarray(Math.max(0, seen.length - this.#overlap));
    return null;
  }

  end(): Uint8Array | null {
    // A chunked body may be empty, and "" matches every body.
    if (this.#held?.length === 0 && this.#texts.some((text) => text.length === 0)) throw blocked();
    const rest = this.#held === null ? this.#tail : this.#held.take();
    return rest.length === 0 ? null : rest;
  }

  /** All but the last bytes. */
  #passOn(bytes: Buffer): Uint8Array | null {
    const end = Math.max(0, bytes.length - this.#overlap);
    // A copy, so that a few bytes do not keep a large piece.
    this.#tail = Buffer.from(bytes.subarray(end));
    return end === 0 ? null : bytes.subarray(0, end);
  }
}

function blocked(): BodyBlocked {
  return new BodyBlocked("blocked string match found in stream");
}
