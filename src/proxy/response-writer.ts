// Hot path: a small response is one string and one write. Guarded by bench P1.
//
// Writes responses to the socket of a client connection: head, framing, body, in as few writes as can be without keeping anything
// back that the source has given. Says when the client is slower than the source.

import type { Socket } from "node:net";
import { chunkHeader } from "../http/h1/chunked.ts";
import { latin1 } from "../http/latin1.ts";
import { Framing } from "./client-stream.ts";

/** A piece up to this size is joined with what is held to one string; a larger one leaves as bytes behind it. */
const JOINED_BYTES = 8192;

/** Answers that may wait in user space for a client before its next request must wait too. */
const MAX_UNREAD_BYTES = 65_536;

const empty: Buffer = Buffer.alloc(0);

export class ResponseWriter {
  /** Body bytes of the present response that were handed to the socket. */
  bodyBytes = 0;
  /** The head of the present response was given. */
  headGiven = false;
  /** More body came than the head had promised: it was cut, and the connection must close. */
  cut = false;
  /** The time for the response is over: nothing is written any more. */
  mute = false;
  readonly #socket: Socket;
  readonly #onDrain: () => void;
  readonly #onSent: () => void;
  /** What waits for the end of the response or for `flush`. */
  #held = "";
  #framing: Framing = Framing.none;
  #chunked = false;
  /** Body bytes that the head has promised and that have not come. */
  #left = 0;
  #awaitsDrain = false;

  /** `onDrain` is called when all bytes have left, after a `write` that said false or an `isBehind` that said true. */
  constructor(socket: Socket, onDrain: () => void) {
    this.#socket = socket;
    this.#onDrain = onDrain;
    this.#onSent = () => {
      this.#awaitsDrain = false;
      // A later response may have written behind the empty write.
      if (this.#canContinue()) this.#onDrain();
    };
  }

  /** Makes it ready for the response of another request. */
  begin(): void {
    this.bodyBytes = 0;
    this.headGiven = false;
    this.cut = false;
    this.mute = false;
    this.#held = "";
  }

  /** Takes the head as text; `chunked` says how a body of unknown length is framed. */
  head(text: string, framing: Framing, length: number, chunked: boolean): void {
    this.headGiven = true;
    this.#framing = framing;
    this.#left = length;
    this.#chunked = chunked;
    this.#held = text;
  }

  write(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    let size = end - start;
    if (size === 0 || this.#framing === Framing.none) return true;
    if (this.#framing === Framing.length) {
      if (size > this.#left) {
        size = this.#left;
        this.cut = true;
        if (size === 0) return true;
      }
      this.#left -= size;
    }
    this.bodyBytes += size;
    const before = this.#chunked ? this.#held + chunkHeader(size) : this.#held;
    if (size <= JOINED_BYTES && before.length <= JOINED_BYTES) {
      this.#held = before + latin1(buffer, start, start + size) + (this.#chunked ? "\r\n" : "");
      return this.#canContinue();
    }
    this.#held = "";
    if (this.mute) return true;
    const socket = this.#socket;
    socket.cork();
    if (before !== "") socket.write(before, "latin1");
    const bytes = buffer.subarray(start, start + size);
    socket.write(lasting ? bytes : Buffer.from(bytes));
    if (this.#chunked) socket.write("\r\n", "latin1");
    socket.uncork();
    return this.#canContinue();
  }

  writeText(text: string): void {
    if (text === "") return;
    const body = this.#framing === Framing.length && text.length > this.#left ? text.slice(0, this.#left) : text;
    if (body !== text) this.cut = true;
    this.bodyBytes += body.length;
    this.#left -= body.length;
    this.#held += this.#chunked ? `${chunkHeader(body.length)}${body}\r\n` : body;
  }

  /** Ends the response; false when the body is shorter than promised, so that the client must see it break. */
  end(): boolean {
    if (this.#chunked) this.#held += "0\r\n\r\n";
    this.flush();
    return this.#framing !== Framing.length || this.#left === 0;
  }

  flush(): void {
    if (this.#held === "") return;
    const text = this.#held;
    this.#held = "";
    if (!this.mute) this.#socket.write(text, "latin1");
  }

  /**
   * True when the client leaves so much unread that no further request of it is begun; `onDrain` comes when it has read. Without
   * this a client that pipelines and does not read would fill memory with answers.
   */
  isBehind(): boolean {
    return this.#socket.writableLength > MAX_UNREAD_BYTES && !this.#canContinue();
  }

  /**
   * False when bytes are left in user space: whoever wrote them must wait, and keep their buffer as it is. An empty write stands
   * behind them; nothing waits for the writes that leave at once, which are nearly all.
   */
  #canContinue(): boolean {
    if (this.#socket.writableLength === 0) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      this.#socket.write(empty, this.#onSent);
    }
    return false;
  }
}
