// Hot path. How long the client may take to send its request body and to read its response; points in the time of Deadlines.

export class MessageLimits {
  #readMs = Number.POSITIVE_INFINITY;
  #writeMs = Number.POSITIVE_INFINITY;

  begin(readMs: number, writeMs: number): void {
    this.#readMs = readMs;
    this.#writeMs = writeMs;
  }

  /** Another limit for the response. */
  set writeMs(ms: number) {
    this.#writeMs = ms;
  }

  /** Another limit for the body; Infinity for none. */
  set readMs(ms: number) {
    this.#readMs = ms;
  }

  /** The nearer one; a body that has come needs none. */
  nearest(bodyDone: boolean): number {
    return bodyDone || this.#readMs >= this.#writeMs ? this.#writeMs : this.#readMs;
  }

  isReadOver(now: number): boolean {
    return this.#readMs <= now;
  }
}
