// Bytes of a backend that wait: the beginning of a head that is not complete, or a body that its owner does not want yet.

export class HeldBytes {
  /** null: nothing waits. `end` bytes of it are held, behind them is room. */
  buffer: Buffer | null = null;
  end = 0;

  /** Keeps the bytes from `at` on. `own`: nobody else writes to the buffer, so it need not be copied. */
  hold(buffer: Buffer, at: number, end: number, own: boolean): void {
    this.buffer = own && at === 0 ? buffer : Buffer.from(buffer.subarray(at, end));
    this.end = end - at;
  }

  /**
   * Takes what is held, with the bytes of a further read behind it; `end` says where they end. Room is doubled when it runs out: a head
   * in many pieces costs what its bytes cost.
   */
  join(read: Buffer, bytes: number): Buffer {
    const held = this.buffer!;
    const start = this.end;
    this.end = start + bytes;
    const room = held.length < this.end ? Buffer.allocUnsafeSlow(this.end * 2) : held;
    if (room !== held) held.copy(room, 0, 0, start);
    read.copy(room, start, 0, bytes);
    this.buffer = null;
    return room;
  }
}
