// Hot path: nothing is allocated for a response that arrives in one read. Guarded by bench P1.
//
// One HTTP/1.1 connection to a backend. It belongs to one exchange (`owner`) from `lend` to the end of the response, then to the
// pool. It parses heads, undoes the framing and hands on body bytes; it knows nothing of routes. States:
//   IDLE -> HEAD (lent) -> LENGTH | CHUNKED | UNTIL_CLOSE (head read) -> IDLE (body read) ; CLOSED from everywhere.
// Long because every event of the socket meets every state.

import type { Socket } from "node:net";
import { ChunkEvent, ChunkedDecoder, chunkHeader } from "../http/h1/chunked.ts";
import { BAD_FRAMING, errorText } from "../http/h1/errors.ts";
import { defaultResponseLimits } from "../http/h1/limits.ts";
import { BodyKind, bodyKind, parseResponseHead, ResponseHead } from "../http/h1/response-parser.ts";
import type { Timed } from "../util/deadlines.ts";
import { BackendFailure, type SocketError, socketErrorText } from "./backend-failure.ts";
import { HeldBytes } from "./held-bytes.ts";
import type { HostPool, Pools } from "./pool.ts";
import { LONG_BODY_BYTES, ReadTarget } from "./read-buffers.ts";

/** What an exchange does with the answer of its backend. */
export interface BackendOwner {
  /** A 100 Continue arrived. */
  onBackendContinue(): void;
  /** The final head is in `connection.head`. False: the body must wait until `connection.resume()`. */
  onBackendHead(connection: BackendConnection): boolean;
  /** Body bytes, valid until the call returns unless `lasting`. False: no more until `connection.resume()`. */
  onBackendData(buffer: Buffer, start: number, end: number, lasting: boolean): boolean;
  /** The response is complete; the connection is back in its pool, or closed. */
  onBackendEnd(): void;
  /** What arrived at one time has been handed on: a good moment to write to the client. */
  onBackendFlush(): void;
  onBackendFailed(failure: BackendFailure, message: string): void;
  /** All that was written has left. */
  onBackendDrain(): void;
}

const IDLE = 0;
const HEAD = 1;
const LENGTH = 2;
const CHUNKED = 3;
const UNTIL_CLOSE = 4;
const CLOSED = 5;

const empty: Buffer = Buffer.alloc(0);

/** What is read of an answer that nobody wants, so that the connection can be kept: at most this much, for at most this long. */
const MAX_REST_BYTES = 1 << 16;
const MAX_REST_MS = 1000;

/** Owner of the rest of an answer that nobody wants. */
const nobody: BackendOwner = {
  onBackendContinue: () => {},
  onBackendHead: () => true,
  onBackendData: () => true,
  onBackendEnd: () => {},
  onBackendFlush: () => {},
  onBackendFailed: () => {},
  onBackendDrain: () => {},
};

export class BackendConnection implements Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly head = new ResponseHead();
  readonly socket: Socket;
  /** True when it carried a request before the present one. */
  reused = false;
  /** True once a byte of the present response has arrived. */
  answered = false;
  /** Set by the owner when the request is written to its end; a connection with half a request is not used again. */
  requestSent = false;
  /** Method of the present request: HEAD has no body. */
  method = "GET";
  connected = false;
  readonly pool: HostPool;
  readonly #pools: Pools;
  #owner: BackendOwner | null;
  #state = HEAD;
  #left = 0;
  /** Bytes that `nobody` may still get. */
  #restLeft = 0;
  #decoder: ChunkedDecoder | null = null;
  readonly #held = new HeldBytes();
  #paused = false;
  readonly #reads: ReadTarget;
  readonly #onSent = (): void => {
    this.#awaitsDrain = false;
    if (this.#hasLeft()) this.#owner?.onBackendDrain();
  };
  #awaitsDrain = false;
  #error: SocketError | null = null;
  readonly #secure: boolean;
  /** TCP is connected, and TLS is being agreed on. */
  #reached = false;
  /** The backend sends no more. */
  #ended = false;

  constructor(pool: HostPool, pools: Pools, owner: BackendOwner) {
    this.pool = pool;
    this.#pools = pools;
    this.#reads = new ReadTarget(pools.buffers);
    this.#owner = owner;
    this.#secure = pool.scheme === "https";
    this.deadlineMs = pools.deadlines.touch() + pools.options.connectTimeoutMs;
    this.socket = pools.dialer.dial(pool.scheme, pool.hostname, pool.port, {
      buffer: () => this.#reads.next(),
      callback: (bytes, buffer) => this.#onRead(buffer as Buffer, bytes),
    });
    this.#listen();
    pools.deadlines.add(this);
  }

  #listen(): void {
    const socket = this.socket;
    if (this.#secure) {
      socket.on("connect", () => {
        this.#reached = true;
        this.deadlineMs = this.#pools.deadlines.touch() + this.#pools.options.tlsTimeoutMs;
      });
      socket.on("secureConnect", () => this.#opened());
    } else {
      // Not "connect": what was written while connecting leaves between the two.
      socket.on("ready", () => this.#opened());
    }
    socket.on("error", (error: SocketError) => {
      this.#error = error;
    });
    socket.on("end", () => this.#onEnd());
    socket.on("close", () => this.#onClose());
  }

  #opened(): void {
    this.connected = true;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    // A request that was written while connecting has left now; its owner starts the wait for the head.
    this.#owner?.onBackendDrain();
  }

  /** Hands an idle connection to an exchange. */
  lend(owner: BackendOwner): void {
    this.#owner = owner;
    this.#state = HEAD;
    this.reused = true;
    this.answered = false;
    this.requestSent = false;
    this.deadlineMs = Number.POSITIVE_INFINITY;
  }

  /** Writes a byte string: a request head or a piece of framing. */
  write(text: string): void {
    this.socket.write(text, "latin1");
  }

  /** Writes body bytes, which must stay as they are until they have left. True when they have; else `onBackendDrain` tells. */
  writeBytes(bytes: Buffer): boolean {
    this.socket.write(bytes);
    return this.#hasLeft();
  }

  /** The same, as one chunk. */
  writeChunk(bytes: Buffer): boolean {
    const socket = this.socket;
    socket.cork();
    socket.write(chunkHeader(bytes.length), "latin1");
    socket.write(bytes);
    socket.write("\r\n", "latin1");
    socket.uncork();
    return this.#hasLeft();
  }

  /** An empty write stands behind bytes that did not leave at once; the others, which are nearly all, need no callback. */
  #hasLeft(): boolean {
    const socket = this.socket;
    if (socket.writableLength === 0) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      socket.write(empty, this.#onSent);
    }
    return false;
  }

  /** Limits the wait for the response head, in milliseconds from now. */
  awaitHead(timeoutMs: number): void {
    if (this.#state === HEAD && this.connected) this.deadlineMs = this.#pools.deadlines.now + timeoutMs;
  }

  /** The owner takes no more of the answer, of which the head is read: a short rest is read to its end, else the connection is closed. */
  dismiss(): void {
    const { keepAlive, poisoned } = this.head;
    const mayEnd = this.#state === CHUNKED || (this.#state === LENGTH && this.#left <= MAX_REST_BYTES);
    if (!mayEnd || !this.requestSent || !keepAlive || poisoned || !this.#pools.options.keepAlive) {
      this.abandon();
      return;
    }
    this.#owner = nobody;
    this.#restLeft = MAX_REST_BYTES;
    this.deadlineMs = this.#pools.deadlines.touch() + MAX_REST_MS;
    this.resume();
  }

  /** The owner takes no more of the answer: the connection is of no further use. */
  abandon(): void {
    this.#owner = null;
    this.destroy();
  }

  destroy(): void {
    if (this.#state === CLOSED) return;
    this.#state = CLOSED;
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.#pools.deadlines.delete(this);
    this.#reads.release(false);
    this.socket.destroy();
  }

  /** Stops reading until `resume`; the kernel then slows the backend down. */
  pause(): void {
    this.#paused = true;
    this.socket.pause();
  }

  resume(): void {
    if (!this.#paused || this.#state === CLOSED) return;
    this.#paused = false;
    const held = this.#held.buffer;
    if (held !== null) {
      this.#held.buffer = null;
      if (!this.#consume(held, 0, this.#held.end, true)) return;
    } else if (this.#state === LENGTH && this.#left === 0) {
      // The owner wanted to wait with a body that is empty.
      this.#finish(true, true);
    }
    if (this.#ended) this.#afterEnd();
    else this.socket.resume();
  }

  onDeadline(): void {
    if (this.#state === IDLE) {
      this.pool.forget(this);
      this.destroy();
    } else if (!this.connected) {
      const handshake = this.#secure && !this.socket.connecting;
      this.#fail(
        handshake ? BackendFailure.tlsTimeout : BackendFailure.connect,
        handshake ? "TLS handshake timeout" : "i/o timeout",
      );
    } else {
      this.#fail(BackendFailure.timeout, "timeout awaiting response headers");
    }
  }

  /** True: go on reading. */
  #onRead(buffer: Buffer, bytes: number): boolean {
    const held = this.#held;
    if (held.buffer === null) return this.#consume(buffer, 0, bytes, this.#reads.isPrivate(buffer));
    return this.#consume(held.join(buffer, bytes), 0, held.end, true);
  }

  /** Works off received bytes; `lasting` tells that they stay as they are until the next read. */
  #consume(buffer: Buffer, from: number, end: number, lasting: boolean): boolean {
    this.answered = true;
    let at = from;
    while (this.#state === HEAD) {
      const used = parseResponseHead(this.head, buffer, at, end, defaultResponseLimits);
      if (used === 0) {
        this.#held.hold(buffer, at, end, lasting && !this.#reads.isPrivate(buffer));
        return true;
      }
      if (used < 0) {
        this.#fail(
          used === BAD_FRAMING ? BackendFailure.ambiguous : BackendFailure.malformed,
          `malformed HTTP response: ${errorText(used)}`,
        );
        return false;
      }
      at += used;
      if (!this.#headRead()) {
        if (this.#isClosed()) return false;
        this.#paused = true;
        if (at < end) this.#held.hold(buffer, at, end, false);
        return false;
      }
    }
    const owner = this.#owner;
    if (owner === nobody && !this.#mayRead(end - at)) return false;
    const go = this.#body(buffer, at, end, lasting);
    if (this.#isClosed()) return false;
    if (this.#owner === owner) owner?.onBackendFlush();
    if (!go) this.#paused = true;
    return go;
  }

  #isClosed(): boolean {
    return this.#state === CLOSED;
  }

  /** Bytes of an answer that nobody wants, framing included. */
  #mayRead(bytes: number): boolean {
    this.#restLeft -= bytes;
    if (this.#restLeft < 0) this.destroy();
    return this.#restLeft >= 0;
  }

  /** A complete head was read: false when the body must wait. */
  #headRead(): boolean {
    const head = this.head;
    const owner = this.#owner!;
    if (head.status < 200 && head.status !== 101) {
      if (head.status === 100) owner.onBackendContinue();
      head.resumeAt = 0;
      return true;
    }
    this.deadlineMs = Number.POSITIVE_INFINITY;
    switch (bodyKind(this.method, head)) {
      case BodyKind.length:
        this.#state = LENGTH;
        this.#left = head.contentLength;
        break;
      case BodyKind.chunked:
        this.#state = CHUNKED;
        this.#decoder ??= new ChunkedDecoder();
        this.#decoder.reset();
        break;
      case BodyKind.close:
        this.#state = UNTIL_CLOSE;
        break;
      default:
        this.#state = LENGTH;
        this.#left = 0;
    }
    if (this.#state !== LENGTH || this.#left > LONG_BODY_BYTES) this.#reads.borrow();
    // It may not want the body, and `dismiss` has told.
    return owner.onBackendHead(this) || this.#owner === nobody;
  }

  #body(buffer: Buffer, at: number, end: number, lasting: boolean): boolean {
    switch (this.#state) {
      case LENGTH: {
        const available = end - at;
        const take = available < this.#left ? available : this.#left;
        this.#left -= take;
        const go = take === 0 || this.#owner!.onBackendData(buffer, at, at + take, lasting);
        if (this.#isClosed()) return false;
        if (this.#left > 0) return go;
        this.#finish(available === take, go);
        return true;
      }
      case CHUNKED:
        return this.#chunks(buffer, at, end, lasting);
      case UNTIL_CLOSE:
        return at === end || this.#owner!.onBackendData(buffer, at, end, lasting);
      default:
        // Bytes that nobody asked for: the connection cannot be trusted.
        if (this.#state === IDLE) {
          this.pool.forget(this);
          this.destroy();
        }
        return false;
    }
  }

  #chunks(buffer: Buffer, from: number, end: number, lasting: boolean): boolean {
    const decoder = this.#decoder!;
    let go = true;
    let at = from;
    for (;;) {
      const event = decoder.next(buffer, at, end);
      at = decoder.position;
      if (event === ChunkEvent.needMore) return go;
      if (event === ChunkEvent.data) {
        if (!this.#owner!.onBackendData(buffer, decoder.dataStart, decoder.dataEnd, lasting)) go = false;
        if (this.#isClosed()) return false;
        continue;
      }
      if (event === ChunkEvent.end) {
        this.#finish(at === end, go);
        return true;
      }
      this.#fail(BackendFailure.brokenBody, "malformed chunked encoding");
      return false;
    }
  }

  /**
   * The response is complete. `clean`: no byte came after it; `written`: no write still points into the private buffer. The
   * connection may already serve its next request when this returns.
   */
  #finish(clean: boolean, written: boolean): void {
    const owner = this.#owner!;
    this.#owner = null;
    this.#state = IDLE;
    this.#reads.release(written);
    const { keepAlive, poisoned, status } = this.head;
    // After a 101 the other end speaks another protocol.
    if (
      clean &&
      this.requestSent &&
      keepAlive &&
      !poisoned &&
      status !== 101 &&
      !this.#ended &&
      !this.socket.destroyed
    ) {
      this.pool.release(this);
    } else {
      this.destroy();
    }
    owner.onBackendEnd();
  }

  #fail(failure: BackendFailure, message: string): void {
    const owner = this.#owner;
    this.#owner = null;
    this.destroy();
    owner?.onBackendFailed(failure, message);
  }

  /** TLS tells the end although nobody reads: then what is held comes first. */
  #onEnd(): void {
    this.#ended = true;
    if (!this.#paused || this.#state === IDLE) this.#afterEnd();
  }

  #afterEnd(): void {
    if (this.#state === UNTIL_CLOSE) this.#finish(false, false);
    else this.#onClose();
  }

  #onClose(): void {
    if (this.#state === CLOSED || (this.#ended && this.#paused && this.#error === null)) return;
    if (this.#state === IDLE) {
      this.pool.forget(this);
      this.destroy();
      return;
    }
    const error = this.#error;
    const message = error === null ? "EOF" : socketErrorText(error);
    if (!this.connected) this.#fail(this.#reached ? handshakeFailure(error) : BackendFailure.connect, message);
    else if (this.#state !== HEAD) this.#fail(BackendFailure.brokenBody, error === null ? "unexpected EOF" : message);
    else if (error !== null) this.#fail(BackendFailure.network, message);
    else
      this.#fail(
        this.answered ? BackendFailure.malformed : BackendFailure.closed,
        this.answered ? "unexpected EOF" : "EOF",
      );
  }
}

/** A reset is an error of the network; everything else, a plain end too, means that the backend does not speak our TLS. */
function handshakeFailure(error: SocketError | null): BackendFailure {
  // Node reports a plain end during the handshake as a reset without a system call.
  const reset = error !== null && error.syscall !== undefined && error.code !== "EPROTO";
  return reset ? BackendFailure.network : BackendFailure.tls;
}
