// What -experimental-upgrade-audit writes (spec proxy 15): the request on standard error (one line, so that it does
// not run into a log line), the backend's bytes on standard output. A
// reader that does not keep up loses bytes; a tunnel is never held up for it.

import { write } from "node:fs";

const STDOUT = 1;
const STDERR = 2;
/** Bytes that may wait for a slow reader. */
const MAX_WAITING_BYTES = 1_048_576;

/** Writes pieces to a descriptor one after the other. */
class Output {
  readonly #fd: number;
  readonly #queue: Buffer[] = [];
  #waiting = 0;
  #busy = false;

  constructor(fd: number) {
    this.#fd = fd;
  }

  add(bytes: Buffer): void {
    if (bytes.length === 0 || this.#waiting + bytes.length > MAX_WAITING_BYTES) return;
    this.#waiting += bytes.length;
    this.#queue.push(Buffer.from(bytes));
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const bytes = this.#queue.shift();
    this.#busy = bytes !== undefined;
    if (bytes === undefined) return;
    write(this.#fd, bytes, () => {
      this.#waiting -= bytes.length;
      this.#next();
    });
  }
}

const stdout = new Output(STDOUT);
const stderr = new Output(STDERR);

export function auditUpgradeRequest(request: {
  readonly method: string;
  readonly path: string;
  readonly rawQuery: string;
}): void {
  const { method, path, rawQuery } = request;
  stderr.add(Buffer.from(`${JSON.stringify({ method, path, query: rawQuery, fragment: "" })}\n`, "latin1"));
}

export function auditUpgradeData(bytes: Buffer): void {
  stdout.add(bytes);
}
