// Hot path. Guarded by bench P1 and P6.
//
// Buffers that backend sockets read into. Heads and small bodies of all connections go through one shared buffer: what arrives is
// used up, or copied, before the read callback returns. A connection that streams a long body borrows a private buffer, so that
// its bytes can be written to the client without a copy: it does not read again before the write has left.

/** Bytes of the shared buffer, and of each private one: a long body is read in pieces of this size. */
export const READ_BUFFER_BYTES = 65536;

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
