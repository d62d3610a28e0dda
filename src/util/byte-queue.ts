// Bytes on their way to one taker that may be slower than whoever brings them. The queue never makes them wait: when more lies in it
// than it may hold, it is given up as a whole, what it held is let go, and the taker is told by an error.

/** What an entry costs beyond its bytes, so that many small pieces count. */
const PIECE_BYTES = 128;

/** Bytes that several queues may hold together. */
export class ByteBudget {
  readonly limit: number;
  used = 0;

  constructor(limit: number) {
    this.limit = limit;
  }
}

/** Rejects the taker of a queue that was given up. */
export class QueueGivenUp extends Error {}

export class ByteQueue implements AsyncIterableIterator<Uint8Array> {
  readonly #limit: number;
  readonly #budget: ByteBudget;
  #pieces: Uint8Array[] = [];
  /** The first of `#pieces` that was not taken. */
  #first = 0;
  /** Bytes in the queue, with PIECE_BYTES for each piece. */
  #used = 0;
  #ended = false;
  #givenUp: QueueGivenUp | null = null;
  /** The taker waits. */
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | null = null;

  constructor(limit: number, budget: ByteBudget) {
    this.#limit = limit;
    this.#budget = budget;
  }

  /** Adds a piece, which must stay as it is. False: the queue is given up, now or before, or its taker left. */
  push(piece: Uint8Array): boolean {
    if (this.#ended) return false;
    const waiting = this.#waiting;
    if (waiting !== null) {
      this.#waiting = null;
      waiting.resolve({ done: false, value: piece });
      return true;
    }
    const cost = piece.byteLength + PIECE_BYTES;
    if (this.#used + cost > this.#limit || this.#budget.used + cost > this.#budget.limit) {
      this.giveUp("it is taken too slowly");
      return false;
    }
    this.#used += cost;
    this.#budget.used += cost;
    this.#pieces.push(piece);
    return true;
  }

  /** True when what was in it is lost. */
  get isGivenUp(): boolean {
    return this.#givenUp !== null;
  }

  /** All pieces are in. */
  end(): void {
    this.#ended = true;
    this.#waiting?.resolve({ done: true, value: undefined });
    this.#waiting = null;
  }

  /** Lets go of what was not taken; the taker gets an error that says `why`. */
  giveUp(why: string): void {
    if (this.#ended && this.#first === this.#pieces.length) return;
    this.#ended = true;
    this.#givenUp ??= new QueueGivenUp(why);
    this.#waiting?.reject(this.#givenUp);
    this.#waiting = null;
    this.#clear();
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    if (this.#givenUp !== null) return Promise.reject(this.#givenUp);
    if (this.#first < this.#pieces.length) return Promise.resolve({ done: false, value: this.#shift() });
    if (this.#ended) return Promise.resolve({ done: true, value: undefined });
    this.#waiting = Promise.withResolvers();
    return this.#waiting.promise;
  }

  /** The taker leaves. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.end();
    this.#clear();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  #shift(): Uint8Array {
    const piece = this.#pieces[this.#first++]!;
    if (this.#first === this.#pieces.length) {
      this.#pieces = [];
      this.#first = 0;
    }
    this.#release(piece.byteLength + PIECE_BYTES);
    return piece;
  }

  #clear(): void {
    this.#release(this.#used);
    this.#pieces = [];
    this.#first = 0;
  }

  #release(bytes: number): void {
    this.#used -= bytes;
    this.#budget.used -= bytes;
  }
}
