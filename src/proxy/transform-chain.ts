// Runs the pieces of a body through the transforms of filters, in order, and hands the result on. Pieces that are at hand pass through
// without a promise. A transform may make the pieces behind it wait (a promise) or give many pieces for one (an iterable, which is
// asked for the next only when the one before was taken), and the taker may be full: meanwhile at most what the source had already
// read waits here, and the source is asked to pause.

import type { BodyTransform, Transformed } from "../spec/context.ts";
import { collectYoungGarbage } from "../util/young-garbage.ts";

/** A long body leaves as many dead buffers behind, or a few times as many, before they are collected. */
const COLLECT_AFTER_BYTES = 4 * 1024 * 1024;

export interface TransformOutput {
  /** A piece that came out; false: the taker is full until `TransformChain.resume`. */
  onPiece(piece: Uint8Array): boolean;
  /** All pieces are out. */
  onEnd(): void;
  /** The chain waits for nothing more: the source may go on. Only after a `push` that gave false. */
  onReady(): void;
  onTransformFailed(error: unknown): void;
}

/** Pieces that a transform still gives, for the transforms from `next` on. */
interface Rest {
  readonly pieces: AsyncIterator<Uint8Array>;
  readonly next: number;
}

export class TransformChain {
  readonly #transforms: readonly BodyTransform[];
  readonly #output: TransformOutput;
  /** What the source gave and no transform has seen. */
  readonly #queue: Uint8Array[] = [];
  /** Unfinished iterables, the one nearest to the taker last: it goes first. */
  readonly #rests: Rest[] = [];
  /** A promise is awaited. */
  #waiting = false;
  /** The taker is full. */
  #full = false;
  #working = false;
  /** The source was told to pause. */
  #paused = false;
  #ended = false;
  /** Transforms whose `end` was called. */
  #finished = 0;
  #dead = false;
  /** Bytes that came since dead buffers were collected. */
  #sinceCollection = 0;

  constructor(transforms: readonly BodyTransform[], output: TransformOutput) {
    this.#transforms = transforms;
    this.#output = output;
  }

  /** Takes a piece, which must stay as it is. False: pause the source until `onReady`. */
  push(piece: Uint8Array): boolean {
    if (this.#dead) return true;
    this.#sinceCollection += piece.length;
    if (this.#sinceCollection > COLLECT_AFTER_BYTES) {
      this.#sinceCollection = 0;
      collectYoungGarbage();
    }
    this.#queue.push(piece);
    this.#work();
    if (!this.#isHeld()) return true;
    this.#paused = true;
    return false;
  }

  /** The source is at its end. */
  end(): void {
    this.#ended = true;
    this.#work();
  }

  /** The taker has room again. */
  resume(): void {
    this.#full = false;
    this.#work();
  }

  /** The stream broke off. */
  destroy(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#queue.length = 0;
    for (const { pieces } of this.#rests) void pieces.return?.();
    this.#rests.length = 0;
    for (const transform of this.#transforms) transform.destroy?.();
  }

  #isHeld(): boolean {
    return this.#waiting || this.#full || this.#rests.length > 0 || this.#queue.length > 0;
  }

  /** Goes on as far as nothing holds it: first what is nearest to the taker. */
  #work(): void {
    if (this.#working) return;
    this.#working = true;
    try {
      while (!this.#waiting && !this.#full && !this.#dead && this.#step());
    } catch (error) {
      this.#fail(error);
    }
    this.#working = false;
    if (!this.#paused || this.#dead || this.#ended || this.#isHeld()) return;
    this.#paused = false;
    this.#output.onReady();
  }

  /** False: there is nothing to do until the source gives more. */
  #step(): boolean {
    if (this.#rests.length > 0) this.#pull();
    else if (this.#queue.length > 0) this.#run(this.#queue.shift()!, 0);
    else if (!this.#ended) return false;
    else if (this.#finished < this.#transforms.length) {
      const transform = this.#transforms[this.#finished++]!;
      this.#take(transform.end(), this.#finished);
    } else {
      this.#dead = true;
      this.#output.onEnd();
    }
    return true;
  }

  #run(piece: Uint8Array, from: number): void {
    // An empty chunk would end the body.
    if (piece.length === 0) return;
    if (from === this.#transforms.length) {
      if (!this.#output.onPiece(piece)) this.#full = true;
    } else {
      this.#take(this.#transforms[from]!.write(piece), from + 1);
    }
  }

  /** What a transform gave goes on to the one at `next`. */
  #take(result: Transformed, next: number): void {
    if (result === null) return;
    if (result instanceof Uint8Array) this.#run(result, next);
    else if (result instanceof Promise) {
      this.#await(result, (piece) => {
        if (piece !== null) this.#run(piece, next);
      });
    } else {
      this.#rests.push({ pieces: result[Symbol.asyncIterator](), next });
    }
  }

  #pull(): void {
    const rest = this.#rests.at(-1)!;
    this.#await(rest.pieces.next(), (result) => {
      if (result.done === true) this.#rests.pop();
      else this.#run(result.value, rest.next);
    });
  }

  #await<T>(promise: Promise<T>, then: (value: T) => void): void {
    this.#waiting = true;
    promise.then(
      (value) => {
        if (this.#dead) return;
        this.#waiting = false;
        try {
          then(value);
        } catch (error) {
          this.#fail(error);
        }
        this.#work();
      },
      (error: unknown) => this.#fail(error),
    );
  }

  #fail(error: unknown): void {
    if (this.#dead) return;
    this.destroy();
    this.#output.onTransformFailed(error);
  }
}
