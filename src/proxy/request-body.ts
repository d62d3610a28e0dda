// Hot path for uploads. Guarded by bench P6.
//
// The body of one request of a client connection: undoes the framing and hands the bytes to a taker, or reads and drops them when
// nobody wants them. It is asked to read whenever bytes came or the taker has room again.

import { LONG_BODY_BYTES, type ReadTarget } from "../backends/read-buffers.ts";
import { ChunkEvent, ChunkedDecoder } from "../http/h1/chunked.ts";
import type { RequestHead } from "../http/h1/request-head.ts";
import type { RequestBodySink } from "./client-stream.ts";
import type { ReceivedBytes } from "./received-bytes.ts";

/** An unread request body up to this size is read and dropped to keep the connection (spec proxy 3). */
const MAX_DROPPED_BYTES = 262_144;

export class RequestBody {
  /** The last byte was handed on, or dropped. */
  done = true;
  /** Malformed, or too much to drop: its end is not found, so the connection closes after the response. */
  broken = false;
  /** The taker is full. */
  held = false;
  /** Rest of a body with known length; -1 for a chunked one. */
  #left = 0;
  #decoder: ChunkedDecoder | null = null;
  #sink: RequestBodySink | null = null;
  #drops = false;
  #dropped = 0;
  #expectsContinue = false;
  readonly #reads: ReadTarget;

  /** `reads`: what the connection reads into; a long body asks for a buffer of its own. */
  constructor(reads: ReadTarget) {
    this.#reads = reads;
  }

  begin(head: RequestHead): void {
    this.#reads.release(false);
    this.#left = head.chunked ? -1 : head.contentLength > 0 ? head.contentLength : 0;
    this.done = this.#left === 0;
    this.broken = false;
    this.held = false;
    this.#sink = null;
    this.#drops = false;
    this.#dropped = 0;
    this.#expectsContinue = head.expectContinue;
    if (!head.chunked) return;
    this.#decoder ??= new ChunkedDecoder();
    this.#decoder.reset();
  }

  /** True when somebody takes the body, or it is being dropped. */
  get started(): boolean {
    return this.#sink !== null || this.#drops;
  }

  /** True for a client that sends its body only after a 100 Continue, which it has not got yet. */
  get awaitsContinue(): boolean {
    return this.#expectsContinue && this.#sink === null;
  }

  /** True when dropping what is left would take too much, or wait for what never comes. */
  get isTooMuchToDrop(): boolean {
    return this.#left > MAX_DROPPED_BYTES || this.awaitsContinue;
  }

  start(sink: RequestBodySink): void {
    this.#sink = sink;
    if (this.#left < 0 || this.#left > LONG_BODY_BYTES) this.#reads.borrow();
  }

  /** From now on nobody takes it. */
  drop(): void {
    this.#drops = true;
    this.held = false;
  }

  get isDropped(): boolean {
    return this.#drops;
  }

  /** Hands on what has come, as far as the taker has room. `lasting`: the bytes stay as they are until the next call. */
  read(bytes: ReceivedBytes, lasting: boolean): void {
    if (this.done || this.broken || this.held || !this.started) return;
    if (this.#left >= 0) this.#readLength(bytes, lasting);
    else this.#readChunks(bytes, lasting);
  }

  #readLength(bytes: ReceivedBytes, lasting: boolean): void {
    const start = bytes.at;
    const take = bytes.length < this.#left ? bytes.length : this.#left;
    if (take === 0) return;
    bytes.at += take;
    this.#left -= take;
    this.done = this.#left === 0;
    const go = this.#hand(bytes.buffer, start, start + take, lasting);
    if (this.done) this.#end(go);
    else if (!go) this.held = true;
  }

  #readChunks(bytes: ReceivedBytes, lasting: boolean): void {
    const decoder = this.#decoder!;
    let go = true;
    while (!this.held && !this.broken && bytes.at < bytes.end) {
      const event = decoder.next(bytes.buffer, bytes.at, bytes.end);
      bytes.at = decoder.position;
      if (event === ChunkEvent.needMore) return;
      if (event === ChunkEvent.data) {
        go = this.#hand(bytes.buffer, decoder.dataStart, decoder.dataEnd, lasting);
        if (!go) this.held = true;
      } else if (event === ChunkEvent.end) {
        this.done = true;
        this.#end(go);
        return;
      } else {
        this.broken = true;
        this.#reads.release(false);
        bytes.clear();
        if (!this.#drops) this.#sink!.onRequestMalformed();
        return;
      }
    }
  }

  #hand(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    if (!this.#drops) return this.#sink!.onRequestData(buffer, start, end, lasting);
    this.#dropped += end - start;
    if (this.#dropped > MAX_DROPPED_BYTES) this.broken = true;
    return true;
  }

  /** `written`: no write of the taker points into the last piece any more. */
  #end(written: boolean): void {
    this.#reads.release(written);
    if (!this.#drops) this.#sink!.onRequestEnd();
  }
}
