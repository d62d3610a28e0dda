// Bytes on their way to one taker that may be slower than whoever brings them. The queue never makes them wait: when more lies in it
// than it may hold, it is given up as a whole, what it held is let go, and the taker is told by an error. It copies what it is
// given into blocks that are used again and again, so that a long body leaves nothing to the garbage collector:
//
//   [..... read | lent to the taker | waiting ......] [waiting ..... | free]      the first and the last block
//               #readAt             #readAt + #lent                  #writeAt

const BLOCK_BYTES = 32_768;

/** Blocks for the queues that share it. */
export class BlockPool {
  /** Bytes in all queues, in whole blocks. */
  usedBytes = 0;
  readonly #limitBytes: number;
  readonly #keptBlocks: number;
  readonly #free: Buffer[] = [];

  /** `limitBytes` for all queues together; `keptBytes` of that stay for later ones. */
  constructor(limitBytes: number, keptBytes: number) {
    this.#limitBytes = limitBytes;
    this.#keptBlocks = Math.floor(keptBytes / BLOCK_BYTES);
  }

  /** Null: all are in use. */
  take(): Buffer | null {
    if (this.usedBytes + BLOCK_BYTES > this.#limitBytes) return null;
    this.usedBytes += BLOCK_BYTES;
    return this.#free.pop() ?? Buffer.allocUnsafeSlow(BLOCK_BYTES);
  }

  /** `reusable` false: somebody may still read it. */
  give(block: Buffer, reusable: boolean): void {
    this.usedBytes -= BLOCK_BYTES;
    if (reusable && this.#free.length < this.#keptBlocks) this.#free.push(block);
  }
}

/** Rejects the taker of a queue that was given up. */
export class QueueGivenUp extends Error {}

/** What `next` gives stays as it is until the next call of `next`. */
export class ByteQueue implements AsyncIterableIterator<Uint8Array> {
  /** Set by the taker: called soon after the queue was given up, for it may be busy with what it was lent. */
  onGivenUp: (() => void) | null = null;
  readonly #maxBlocks: number;
  readonly #pool: BlockPool;
  readonly #blocks: Buffer[] = [];
  #readAt = 0;
  #lent = 0;
  #writeAt = 0;
  #ended = false;
  #givenUp: QueueGivenUp | null = null;
  /** The taker waits. */
  #waiting: PromiseWithResolvers<IteratorResult<Uint8Array>> | null = null;

  /** Holds at most `limitBytes`, in whole blocks. */
  constructor(limitBytes: number, pool: BlockPool) {
    this.#maxBlocks = Math.ceil(limitBytes / BLOCK_BYTES);
    this.#pool = pool;
  }

  /** Adds a copy of these bytes. False: the queue is given up, now or before, or its taker left. */
  push(bytes: Uint8Array): boolean {
    if (this.#ended) return false;
    for (let at = 0; at < bytes.byteLength; ) {
      if (this.#blocks.length === 0 || this.#writeAt === BLOCK_BYTES) {
        const block = this.#blocks.length < this.#maxBlocks ? this.#pool.take() : null;
        if (block === null) {
          this.giveUp("it is taken too slowly");
          return false;
        }
        this.#blocks.push(block);
        this.#writeAt = 0;
      }
      const part = bytes.subarray(at, at + BLOCK_BYTES - this.#writeAt);
      this.#blocks.at(-1)!.set(part, this.#writeAt);
      this.#writeAt += part.byteLength;
      at += part.byteLength;
    }
    this.#wake();
    return true;
  }

  /** True when what was in it is lost. */
  get isGivenUp(): boolean {
    return this.#givenUp !== null;
  }

  /** All bytes are in. */
  end(): void {
    this.#ended = true;
    this.#wake();
  }

  /** Lets go of what was not taken; the taker gets an error that says `why`. */
  giveUp(why: string): void {
    if (this.#ended && this.#waitingBytes() === 0) return;
    this.#ended = true;
    this.#givenUp ??= new QueueGivenUp(why);
    this.#waiting?.reject(this.#givenUp);
    this.#waiting = null;
    this.#clear();
    if (this.onGivenUp !== null) setImmediate(this.onGivenUp);
  }

  next(): Promise<IteratorResult<Uint8Array>> {
    this.#takeBack();
    if (this.#givenUp !== null) return Promise.reject(this.#givenUp);
    this.#waiting = Promise.withResolvers();
    const { promise } = this.#waiting;
    this.#wake();
    return promise;
  }

  /** The taker leaves. */
  return(): Promise<IteratorResult<Uint8Array>> {
    this.#clear();
    this.end();
    return Promise.resolve({ done: true, value: undefined });
  }

  [Symbol.asyncIterator](): this {
    return this;
  }

  /** Gives a taker that waits what there is. */
  #wake(): void {
    const waiting = this.#waiting;
    if (waiting === null) return;
    const length = this.#waitingBytes();
    if (length === 0 && !this.#ended) return;
    this.#waiting = null;
    this.#lent = length;
    if (length === 0) waiting.resolve({ done: true, value: undefined });
    else waiting.resolve({ done: false, value: this.#blocks[0]!.subarray(this.#readAt, this.#readAt + length) });
  }

  /** Bytes of the first block that were not lent. */
  #waitingBytes(): number {
    if (this.#blocks.length === 0) return 0;
    return (this.#blocks.length > 1 ? BLOCK_BYTES : this.#writeAt) - this.#readAt - this.#lent;
  }

  /** The taker is done with what it was lent. */
  #takeBack(): void {
    this.#readAt += this.#lent;
    this.#lent = 0;
    const first = this.#blocks[0];
    if (first === undefined || this.#waitingBytes() > 0) return;
    this.#blocks.shift();
    this.#readAt = 0;
    this.#pool.give(first, true);
  }

  /** What the taker was lent may still be on its way. */
  #clear(): void {
    for (const [i, block] of this.#blocks.entries()) this.#pool.give(block, i > 0 || this.#lent === 0);
    this.#blocks.length = 0;
    this.#readAt = 0;
    this.#lent = 0;
  }
}
