// Hot path. Stops and lets go on the reading of a socket; a call that changes nothing costs a compare.

import type { Socket } from "node:net";

export class ReadGate {
  readonly #socket: Socket;
  #closed = false;

  constructor(socket: Socket) {
    this.#socket = socket;
  }

  /** No more is read until `open`; the kernel then slows the peer down. */
  close(): void {
    if (this.#closed) return;
    this.#closed = true;
    this.#socket.pause();
  }

  open(): void {
    if (!this.#closed) return;
    this.#closed = false;
    this.#socket.resume();
  }
}
