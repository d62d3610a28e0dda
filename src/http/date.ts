// The value of the Date header (RFC 9110 5.6.7), made once per second and without a timer. One instance per worker.

export class HttpDate {
  #second = Number.NaN;
  #text = "";

  /** The date of `nowMs` (milliseconds since the epoch) as `Sun, 06 Nov 1994 08:49:37 GMT`. */
  at(nowMs: number): string {
    const second = Math.floor(nowMs / 1000);
    if (second !== this.#second) {
      this.#second = second;
      this.#text = new Date(second * 1000).toUTCString();
    }
    return this.#text;
  }
}
