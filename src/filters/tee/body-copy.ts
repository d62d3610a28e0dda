// The body of a request or response that passes unchanged while its pieces go to a copy as well. The copy begins with the first of
// them, or with the end, so a body that nobody reads is not copied. It waits in a bounded queue; a copy that lags is dropped.

import type { BodyTransform } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import { BlockPool, ByteQueue } from "../../util/byte-queue.ts";

/** What a copy may lag behind: some tens of milliseconds of connecting at full speed. */
const MAX_LAG_BYTES = 8 << 20;
/** What all copies of a worker may lag behind together, and what of that stays for the next ones. */
const MAX_TOTAL_BYTES = 32 << 20;
const KEPT_BYTES = 4 << 20;

export class BodyCopy implements BodyTransform {
  readonly keepsLength = true;
  readonly watches = true;
  readonly #pool: BlockPool;
  readonly #begin: (body: ByteQueue) => void;
  readonly #onDropped: () => void;
  #queue: ByteQueue | null = null;
  #copying = true;

  /** `begin` starts the copy; `onDropped` is told when it lagged too far. */
  constructor(env: FilterEnv, begin: (body: ByteQueue) => void, onDropped: () => void) {
    this.#pool = env.shared("copies of bodies", () => new BlockPool(MAX_TOTAL_BYTES, KEPT_BYTES));
    this.#begin = begin;
    this.#onDropped = onDropped;
  }

  write(chunk: Uint8Array): Uint8Array {
    if (!this.#copying) return chunk;
    const queue = this.#started();
    if (queue.push(chunk)) return chunk;
    this.#copying = false;
    // Else the copy came to its end before its body did.
    if (queue.isGivenUp) this.#onDropped();
    return chunk;
  }

  end(): null {
    if (this.#copying) this.#started().end();
    return null;
  }

  destroy(): void {
    this.#queue?.giveUp("the body broke off");
  }

  #started(): ByteQueue {
    if (this.#queue === null) {
      this.#queue = new ByteQueue(MAX_LAG_BYTES, this.#pool);
      this.#begin(this.#queue);
    }
    return this.#queue;
  }
}
