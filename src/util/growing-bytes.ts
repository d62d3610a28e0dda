// Bytes that come in pieces and are wanted in one: room is doubled when it runs out, so that a million pieces of one byte cost what
// their bytes cost. For filters that must hold a part of a body.

const SMALLEST_ROOM = 1024;
const none: Buffer = Buffer.alloc(0);

export class GrowingBytes {
  #room = none;
  #length = 0;

  get length(): number {
    return this.#length;
  }

  /** Copies `bytes` behind those that are there. */
  append(bytes: Uint8Array): void {
    const needed = this.#length + bytes.length;
    if (needed > this.#room.length) {
      const room = Buffer.allocUnsafeSlow(Math.max(needed, this.#room.length * 2, SMALLEST_ROOM));
      this.#room.copy(room, 0, 0, this.#length);
      this.#room = room;
    }
    this.#room.set(bytes, this.#length);
    this.#length = needed;
  }

  /** What is held, to look at: the bytes are others after the next `append`. */
  get bytes(): Buffer {
    return this.#room.subarray(0, this.#length);
  }

  /** Lets go of the first `count` bytes; the room serves again. */
  dropFirst(count: number): void {
    if (count === 0) return;
    this.#room.copyWithin(0, count, this.#length);
    this.#length -= count;
  }

  /** What is held, for the caller alone; nothing is held afterwards. */
  take(): Buffer {
    const bytes = this.bytes;
    this.#room = none;
    this.#length = 0;
    return bytes;
  }
}
