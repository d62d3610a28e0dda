// Hot path. Guarded by bench P1 and P6.
//
// Buffers that sockets read into, for both sides of the proxy. Heads and small bodies of all connections go through one shared buffer:
// what arrives is used up, or copied, before the read callback returns. A connection that streams a long body borrows a private
// buffer, so that its bytes can be written on without a copy: it does not read again before the write has left.

/** Bytes of the shared buffer, and of each private one: a long body is read in pieces of this size. */
export const READ_BUFFER_BYTES = 65536;

/** A body longer than this, or of unknown length, is read into a private buffer. */
export const LONG_BODY_BYTES = 32768;

/** Private buffers kept for the next stream; the rest is left to the garbage collector. */
const KEPT = 32;

export class ReadBuffers {
  readonly shared = Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  readonly #free: Buffer[] = [];

  borrow(): Buffer {
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(READ_BUFFER_BYTES);
  }

  giveBack(buffer: Buffer): void {
    if (this.#free.length < KEPT) this.#free.push(buffer);
  }
}

/** Which buffer one socket reads into. */
export class ReadTarget {
  readonly #buffers: ReadBuffers;
  #private: Buffer | null = null;
  /** A private buffer that is not needed any more, but the socket may read into it once more. */
  #retired: Buffer | null = null;

  constructor(buffers: ReadBuffers) {
    this.#buffers = buffers;
  }

  /** The buffer for the next read; a socket asks after each one. */
  next(): Buffer {
    if (this.#retired !== null) {
      this.#buffers.giveBack(this.#retired);
      this.#retired = null;
    }
    return this.#private ?? this.#buffers.shared;
  }

  /** From the next read on the bytes stay as they are until the one after it. */
  borrow(): void {
    if (this.#private !== null) return;
    this.#private = this.#retired ?? this.#buffers.borrow();
    this.#retired = null;
  }

  /** True for bytes that stay as they are until the next read. */
  isPrivate(buffer: Buffer): boolean {
    return buffer === this.#private;
  }

  /**
   * The long body is over. `written`: no write points into the private buffer any more; otherwise nobody may read into it, and the
   * garbage collector takes it.
   */
  release(written: boolean): void {
    if (this.#private !== null && written) this.#retired = this.#private;
    this.#private = null;
  }
}
