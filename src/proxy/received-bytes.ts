// Hot path. What a client sent and nobody has used yet: usually one piece as it was read, and nothing is copied. Such a piece lies in
// a buffer that the next read overwrites, so what is left of it is copied by `keep` before that.

const empty: Buffer = Buffer.alloc(0);

export class ReceivedBytes {
  /** `at` to `end` of it wait. */
  buffer: Buffer = empty;
  at = 0;
  end = 0;
  /** The bytes lie in memory that nobody else writes to. */
  #own = true;

  get length(): number {
    return this.end - this.at;
  }

  /** True when what waits stays as it is. */
  get isOwn(): boolean {
    return this.#own;
  }

  /**
   * Puts the first `length` bytes of a piece behind what waits; `own` when nobody writes to its memory any more. Room is doubled when
   * it runs out, so that many small pieces are not copied for each other.
   */
  add(piece: Buffer, length: number, own: boolean): void {
    if (this.at === this.end) {
      this.buffer = piece;
      this.at = 0;
      this.end = length;
      this.#own = own;
      return;
    }
    const held = this.end - this.at;
    const needed = held + length;
    if (this.at > 0 || this.buffer.length < needed || !this.#own) {
      const room = Buffer.allocUnsafeSlow(needed * 2);
      this.buffer.copy(room, 0, this.at, this.end);
      this.buffer = room;
      this.at = 0;
      this.end = held;
      this.#own = true;
    }
    piece.copy(this.buffer, this.end, 0, length);
    this.end += length;
  }

  /** Copies what is left of a piece, before its buffer is read into again. */
  keep(): void {
    if (this.#own) return;
    if (this.at === this.end) {
      this.clear();
      return;
    }
    this.#own = true;
    this.buffer = Buffer.from(this.buffer.subarray(this.at, this.end));
    this.end -= this.at;
    this.at = 0;
  }

  /** Gives up what waits. */
  clear(): void {
    this.#own = true;
    this.buffer = empty;
    this.at = 0;
    this.end = 0;
  }
}
