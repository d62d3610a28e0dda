// Hot path. What a client sent and nobody has used yet: usually one piece as it was read, and nothing is copied.

const empty: Buffer = Buffer.alloc(0);

export class ReceivedBytes {
  /** `at` to `end` of it wait. */
  buffer: Buffer = empty;
  at = 0;
  end = 0;

  get length(): number {
    return this.end - this.at;
  }

  /** Puts a piece behind what waits. Room is doubled when it runs out, so that many small pieces are not copied for each other. */
  add(chunk: Buffer): void {
    if (this.at === this.end) {
      this.buffer = chunk;
      this.at = 0;
      this.end = chunk.length;
      return;
    }
    const held = this.end - this.at;
    const needed = held + chunk.length;
    if (this.at > 0 || this.buffer.length < needed) {
      const room = Buffer.allocUnsafeSlow(needed * 2);
      this.buffer.copy(room, 0, this.at, this.end);
      this.buffer = room;
      this.at = 0;
      this.end = held;
    }
    chunk.copy(this.buffer, this.end);
    this.end += chunk.length;
  }

  /** Gives up what waits. */
  clear(): void {
    this.buffer = empty;
    this.at = 0;
    this.end = 0;
  }
}
