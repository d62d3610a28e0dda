// Reads a request body to its end for nobody: before an answer that needs no backend (spec proxy 8). The transforms of filters see it
// all the same, since some look at it; what they make of it is dropped, and so is their failure.

import type { BodyTransform } from "../spec/context.ts";
import { type BodyWatch, bodyWatch } from "./body-watch.ts";
import type { ClientStream, RequestBodySink } from "./client-stream.ts";
import { TransformChain } from "./transform-chain.ts";

export class RequestDrain implements RequestBodySink {
  readonly #client: ClientStream;
  readonly #onDone: () => void;
  #chain: TransformChain | null = null;
  #watch: BodyWatch | null = null;

  /** `onDone` is told of the end of a body, or that there is none to be found. */
  constructor(client: ClientStream, onDone: () => void) {
    this.#client = client;
    this.#onDone = onDone;
  }

  start(transforms: readonly BodyTransform[] | null): void {
    this.#watch = transforms === null ? null : bodyWatch(transforms, this.#onDone);
    this.#chain =
      transforms === null || this.#watch !== null
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
    if (this.#chain !== null) return this.#chain.push(Buffer.from(buffer.subarray(start, end)));
    this.#watch?.look(buffer.subarray(start, end));
    return true;
  }

  onRequestEnd(): void {
    if (this.#chain !== null) this.#chain.end();
    else if (this.#watch === null || this.#watch.end()) this.#onDone();
  }

  onRequestMalformed(): void {
    this.cancel();
    this.#onDone();
  }

  /** The request failed meanwhile. */
  cancel(): void {
    this.#chain?.destroy();
    this.#watch?.destroy();
    this.#chain = null;
    this.#watch = null;
  }
}
