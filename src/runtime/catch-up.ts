// A question to all workers at once whose answers come after everything they had to tell before it. Metrics are read behind one: a
// series that a worker made while it served a request is known to whoever asks after the response of that request.

/** One round of it. */
export class CatchUp<W> {
  readonly serial: number;
  /** Resolves when nobody is waited for, or when the time is up. */
  readonly done: Promise<void>;
  readonly #missing: Set<W>;
  readonly #resolve: () => void;
  readonly #limit: NodeJS.Timeout;

  /** `limitMs`: one that is busy for longer is left behind. */
  constructor(serial: number, asked: Iterable<W>, limitMs: number) {
    const { promise, resolve } = Promise.withResolvers<void>();
    this.serial = serial;
    this.done = promise;
    this.#missing = new Set(asked);
    this.#resolve = resolve;
    this.#limit = setTimeout(resolve, limitMs);
    this.#settleWhenDone();
  }

  /** The worker has answered, or is no more. */
  remove(worker: W): void {
    this.#missing.delete(worker);
    this.#settleWhenDone();
  }

  #settleWhenDone(): void {
    if (this.#missing.size > 0) return;
    clearTimeout(this.#limit);
    this.#resolve();
  }
}
