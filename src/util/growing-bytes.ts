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

  /** What is held as a byte string; nothing is held afterwards, and the room serves again. */
  takeText(): string {
    const text = this.#room.toString("latin1", 0, this.#length);
    this.#length = 0;
    return text;
  }

  /** What is held as bytes that belong to the caller; nothing is held afterwards. */
  takeBytes(): Buffer {
    const bytes = this.#room.subarray(0, this.#length);
    this.#room = none;
    this.#length = 0;
    return bytes;
  }
}
