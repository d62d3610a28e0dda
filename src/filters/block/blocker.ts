// Looks for texts in a request body while it streams, and does not let one that holds any of them pass (spec filters 7.5). Up to the
// limit nothing goes on before the whole body was seen; a longer body goes on with the bytes held back in which a text may begin.

import { BodyBlocked, type BodyTransform } from "../../spec/context.ts";

const empty: Buffer = Buffer.alloc(0);

export class BodyBlocker implements BodyTransform {
  readonly #texts: readonly Buffer[];
  readonly #limit: number;
  /** Bytes at the end of what was seen in which a text may begin that is not complete. */
  readonly #overlap: number;
  #held: Buffer[] = [];
  #heldBytes = 0;
  #tail = empty;

  constructor(texts: readonly Buffer[], limitBytes: number) {
    this.#texts = texts;
    this.#limit = limitBytes;
    this.#overlap = Math.max(0, ...texts.map((text) => text.length - 1));
  }

  write(chunk: Uint8Array): Uint8Array | null {
    const bytes = Buffer.from(chunk.buffer, chunk.byteOffset, chunk.byteLength);
    const seen = this.#tail.length === 0 ? bytes : Buffer.concat([this.#tail, bytes]);
    for (const text of this.#texts) {
      if (seen.includes(text)) throw new BodyBlocked("blocked string match found in stream");
    }
    this.#tail = this.#overlap === 0 ? empty : seen.subarray(Math.max(0, seen.length - this.#overlap));
    this.#held.push(bytes);
    this.#heldBytes += bytes.length;
    return this.#heldBytes > this.#limit ? this.#release(this.#overlap) : null;
  }

  end(): Uint8Array | null {
    return this.#heldBytes === 0 ? null : this.#release(0);
  }

  /** All that is held but for the last `kept` bytes. */
  #release(kept: number): Uint8Array {
    const all = this.#held.length === 1 ? this.#held[0]! : Buffer.concat(this.#held);
    const end = Math.max(0, all.length - kept);
    const rest = all.subarray(end);
    this.#held = rest.length === 0 ? [] : [rest];
    this.#heldBytes = rest.length;
    return all.subarray(0, end);
  }
}
