// Runs the pieces of a body through the transforms of filters, in order, and hands the result on. A transform that returns a
// promise holds the pieces behind it back; the source is asked to pause, and at most what it had already read waits here.

import type { BodyTransform } from "../spec/context.ts";

export interface TransformOutput {
  /** A piece that came out; false: the taker is full. */
  onPiece(piece: Uint8Array): boolean;
  /** All pieces are out. */
  onEnd(): void;
  /** The chain waits for nothing more: the source may go on. */
  onReady(): void;
  onTransformFailed(error: unknown): void;
}

/** A piece that waits for its next transform. */
interface Waiting {
  readonly piece: Uint8Array;
  readonly from: number;
}

export class TransformChain {
  readonly #transforms: readonly BodyTransform[];
  readonly #output: TransformOutput;
  readonly #queue: Waiting[] = [];
  #busy = false;
  #ended = false;
  /** Transforms that were told of the end. */
  #finished = 0;
  #dead = false;

  constructor(transforms: readonly BodyTransform[], output: TransformOutput) {
    this.#transforms = transforms;
    this.#output = output;
  }

  /** Takes a piece, which must stay as it is. False: pause the source until `onReady`, or until the taker drains. */
  push(piece: Uint8Array): boolean {
    if (this.#busy) {
      this.#queue.push({ piece, from: 0 });
      return false;
    }
    return this.#runQueue(this.#run(piece, 0));
  }

  /** The source is at its end. */
  end(): void {
    this.#ended = true;
    if (!this.#busy) this.#finish();
  }

  /** The stream broke off. */
  destroy(): void {
    if (this.#dead) return;
    this.#dead = true;
    this.#queue.length = 0;
    for (const transform of this.#transforms) transform.destroy?.();
  }

  #run(piece: Uint8Array, from: number): boolean {
    let current = piece;
    for (let i = from; i < this.#transforms.length; i++) {
      const transform = this.#transforms[i]!;
      const limit = transform.maxPieceBytes ?? Number.POSITIVE_INFINITY;
      if (current.length > limit) {
        this.#queue.unshift({ piece: current.subarray(limit), from: i });
        current = current.subarray(0, limit);
      }
      const result = transform.write(current);
      if (result instanceof Promise) {
        this.#await(result, (next) => {
          const go = next === null || this.#run(next, i + 1);
          if (!this.#busy) this.#next(go);
        });
        return false;
      }
      if (result === null) return true;
      current = result;
    }
    return this.#output.onPiece(current);
  }

  /** Runs what waits in the queue; false when the chain is busy or the taker full. */
  #runQueue(go: boolean): boolean {
    let open = go;
    while (!this.#busy && this.#queue.length > 0) {
      const { piece, from } = this.#queue.shift()!;
      open = this.#run(piece, from);
    }
    return open && !this.#busy;
  }

  /** Goes on after a wait: first with what queued up meanwhile. */
  #next(go: boolean): void {
    const open = this.#runQueue(go);
    if (this.#busy) return;
    if (this.#ended) this.#finish();
    else if (open) this.#output.onReady();
  }

  /** Ends the transforms in order, each once; what each still gives runs through those behind it. */
  #finish(): void {
    while (this.#finished < this.#transforms.length) {
      const rest = this.#transforms[this.#finished++]!.end();
      const next = this.#finished;
      if (rest instanceof Promise) {
        this.#await(rest, (piece) => {
          if (piece !== null) this.#run(piece, next);
          this.#next(true);
        });
        return;
      }
      if (rest !== null) this.#runQueue(this.#run(rest, next));
      if (this.#busy) return;
    }
    if (!this.#dead) {
      this.#dead = true;
      this.#output.onEnd();
    }
  }

  #await(promise: Promise<Uint8Array | null>, then: (piece: Uint8Array | null) => void): void {
    this.#busy = true;
    promise.then(
      (piece) => {
        if (this.#dead) return;
        this.#busy = false;
        then(piece);
      },
      (error: unknown) => {
        if (this.#dead) return;
        this.destroy();
        this.#output.onTransformFailed(error);
      },
    );
  }
}
