// Reads a request body to its end for nobody: before an answer that needs no backend (spec proxy 8). The transforms of filters see it
// all the same, since some look at it; what they make of it is dropped, and so is their failure.

import type { BodyTransform } from "../spec/context.ts";
import type { ClientStream, RequestBodySink } from "./client-stream.ts";
import { TransformChain } from "./transform-chain.ts";

export class RequestDrain implements RequestBodySink {
  readonly #client: ClientStream;
  readonly #onDone: () => void;
  #chain: TransformChain | null = null;

  /** `onDone` is told of the end of a body, or that there is none to be found. */
  constructor(client: ClientStream, onDone: () => void) {
    this.#client = client;
    this.#onDone = onDone;
  }

  start(transforms: readonly BodyTransform[] | null): void {
    this.#chain =
      transforms === null
        ? null
        : new TransformChain(transforms, {
            onPiece: () => true,
            onReady: () => this.#client.resumeBody(),
            onEnd: this.#onDone,
            onTransformFailed: this.#onDone,
          });
    this.#client.startBody(this);
  }

  onRequestData(buffer: Buffer, start: number, end: number): boolean {
    return this.#chain === null || this.#chain.push(Buffer.from(buffer.subarray(start, end)));
  }

  onRequestEnd(): void {
    if (this.#chain === null) this.#onDone();
    else this.#chain.end();
  }

  onRequestMalformed(): void {
    this.cancel();
    this.#onDone();
  }

  /** The request failed meanwhile. */
  cancel(): void {
    this.#chain?.destroy();
    this.#chain = null;
  }
}
