// A response body on its way to the client, copied into the store while it passes; at its end the entry is complete. One that breaks off,
// or that another body takes the place of, is given up.

import type { BodyTransform } from "../../spec/context.ts";
import type { EntryWriter } from "../../spec/response-store.ts";

export interface StoringEnd {
  /** All bytes came: puts the entry in its place. */
  complete(): void;
  /** The entry was given up; `isBroken`: the body has no end. */
  abandoned(isBroken: boolean): void;
}

export class StoringBody implements BodyTransform {
  readonly keepsLength = true;
  readonly watches = true;
  readonly #end: StoringEnd;
  /** Null when there is nothing more to do. */
  #writer: EntryWriter | null;
  /** Bytes that must come, -1 when it was not said. */
  readonly #length: number;
  #bytes = 0;

  constructor(writer: EntryWriter, length: number, end: StoringEnd) {
    this.#writer = writer;
    this.#length = length;
    this.#end = end;
  }

  write(chunk: Uint8Array): Uint8Array {
    this.#bytes += chunk.length;
    const writer = this.#writer;
    if (writer !== null && !writer.append(chunk)) this.#abandon(writer, false);
    return chunk;
  }

  end(): null {
    const writer = this.#writer;
    if (writer === null) return null;
    if (this.#length >= 0 && this.#bytes !== this.#length) {
      this.#abandon(writer, true);
      return null;
    }
    this.#writer = null;
    this.#end.complete();
    return null;
  }

  destroy(): void {
    if (this.#writer !== null) this.#abandon(this.#writer, true);
  }

  #abandon(writer: EntryWriter, isBroken: boolean): void {
    this.#writer = null;
    writer.abort();
    this.#end.abandoned(isBroken);
  }
}
