// Hot path: a request with a small answer costs one read, one parse and one write. Guarded by bench P1.
//
// One HTTP/1.1 client connection: it owns the socket, cuts its bytes into requests, runs one exchange at a time and writes the
// responses in order. Bytes behind the present request wait; when too many wait the socket is paused. States:
//   HEAD (waiting for a request head) -> BUSY (an exchange runs) -> HEAD | LINGER (closing, the rest is read and dropped) | CLOSED
//   BUSY -> TUNNEL (after an upgrade the socket is somebody else's)

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { ReadTarget } from "../backends/read-buffers.ts";
import { refusal } from "../http/h1/errors.ts";
import { RequestHead } from "../http/h1/request-head.ts";
import { parseRequestHead } from "../http/h1/request-parser.ts";
import type { Headers } from "../http/headers.ts";
import type { Timed } from "../util/deadlines.ts";
import { type ClientStream, Framing, type RequestBodySink } from "./client-stream.ts";
import { DebugStream } from "./debug-stream.ts";
import { arrivalLimit } from "./draining.ts";
import { Exchange } from "./exchange.ts";
import { MessageLimits } from "./message-limits.ts";
import { peerCertificates } from "./peer-certificates.ts";
import type { Proxy } from "./proxy.ts";
import { ReadGate } from "./read-gate.ts";
import { ReceivedBytes } from "./received-bytes.ts";
import { RequestBody } from "./request-body.ts";
import { responseHead, takeConnection } from "./response-head.ts";
import { ResponseWriter } from "./response-writer.ts";
import { readAsStream, readInto } from "./socket-reads.ts";

const HEAD = 0;
const BUSY = 1;
const LINGER = 2;
const TUNNEL = 3;
const CLOSED = 4;

/** Bytes behind the present request that are kept before the socket is paused. */
const MAX_WAITING_BYTES = 65536;
/** How long a closing connection may still send what nobody reads, so that the response is not lost in a reset. */
const LINGER_MS = 1000;

export class ClientConnection implements ClientStream, Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly secure: boolean;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly socket: Socket;
  readonly #proxy: Proxy;
  readonly #exchange: Exchange;
  readonly #head = new RequestHead();
  readonly #acceptedMs: number;
  #state = HEAD;
  readonly #received = new ReceivedBytes();
  readonly #reads: ReadTarget;
  readonly #body: RequestBody;
  readonly #writer: ResponseWriter;
  #certificates: readonly X509Certificate[] | null = null;
  #requests = 0;
  readonly #limits = new MessageLimits();
  readonly #gate: ReadGate;
  /** The response is written, but the request body has not been read to its end. */
  #responded = false;
  #parsing = false;
  #ended = false;
  #close = false;

  /** `fresh`: nothing was read from the socket yet, and it is not TLS. */
  constructor(proxy: Proxy, socket: Socket, remoteAddress: string, remotePort: number, fresh: boolean) {
    this.#proxy = proxy;
    this.#reads = new ReadTarget(proxy.pools.buffers);
    this.#body = new RequestBody(this.#reads);
    this.#gate = new ReadGate(socket);
    this.socket = socket;
    this.secure = "encrypted" in socket;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.localPort = socket.localPort ?? 0;
    const debug = proxy.debug ? new DebugStream(this) : null;
    this.#exchange = new Exchange(proxy, debug ?? this, debug);
    this.#acceptedMs = proxy.deadlines.touch();
    this.#writer = new ResponseWriter(socket, () => this.#onDrain());
    this.deadlineMs = this.#acceptedMs + proxy.options.readHeaderTimeoutMs;
    const reads = fresh && readInto(socket, () => this.#reads.next(), this.#onRead);
    if (!reads) socket.on("data", (chunk: Buffer) => this.#onData(chunk, chunk.length, true));
    socket.on("end", () => this.#onEnd());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onClose());
    proxy.connections.add(this);
    proxy.deadlines.add(this);
  }

  readonly #onRead = (bytes: number, buffer: Buffer): boolean => {
    this.#onData(buffer, bytes, false);
    this.#received.keep();
    return true;
  };

  /** `own`: the bytes stay as they are when this returns. */
  #onData(piece: Buffer, length: number, own: boolean): void {
    if (this.#state === LINGER) return;
    const isFirst = this.#received.length === 0;
    this.#received.add(piece, length, own);
    if (this.#state === HEAD) {
      if (isFirst && this.#head.resumeAt === 0) this.#firstByte();
      this.#parse();
    } else if (this.#state === BUSY) {
      this.#readBody();
    }
    this.#limitWaiting();
  }

  /** The wait for a further head begins with its first byte; the first head has its limit from the accept. */
  #firstByte(): void {
    if (this.#requests > 0) this.deadlineMs = this.#proxy.deadlines.now + this.#proxy.options.readHeaderTimeoutMs;
  }

  #onDrain(): void {
    if (this.#state === BUSY) {
      this.#exchange.onClientDrain();
    } else if (this.#state === HEAD) {
      this.#parse();
      if (this.#state === HEAD) this.#gate.open();
    }
  }

  #limitWaiting(): void {
    if (this.#state === HEAD ? !this.#writer.isBehind() : this.#state !== BUSY) return;
    if (this.#received.length >= MAX_WAITING_BYTES) this.#gate.close();
  }

  /** Runs requests as long as complete heads wait; an exchange that ends at once does not deepen the stack. */
  #parse(): void {
    if (this.#parsing) return;
    this.#parsing = true;
    const received = this.#received;
    while (this.#state === HEAD && received.at < received.end && !this.#writer.isBehind()) {
      const used = parseRequestHead(this.#head, received.buffer, received.at, received.end, this.#proxy.headLimits);
      if (used === 0) break;
      if (used < 0) {
        this.#refuse(refusal(used));
        break;
      }
      received.at += used;
      this.#begin();
    }
    this.#parsing = false;
  }

  #begin(): void {
    const head = this.#head;
    const proxy = this.#proxy;
    const options = proxy.options;
    this.#state = BUSY;
    this.#requests++;
    if (proxy.connectionMetrics !== null) proxy.connectionMetrics.active();
    this.#writer.begin();
    this.#body.begin(head);
    this.#responded = false;
    this.#close = !head.keepAlive || proxy.draining || this.#tooOld();
    const now = proxy.deadlines.now;
    this.#limits.begin(now + options.readTimeoutMs, now + options.writeTimeoutMs);
    this.deadlineMs = this.#limits.nearest(this.bodyDone);
    this.#exchange.start(head);
  }

  /** -keepalive-server and -keepalive-requests-server: the response says `Connection: close`. */
  #tooOld(): boolean {
    const { options, deadlines, connectionMetrics } = this.#proxy;
    const byAge = deadlines.now - this.#acceptedMs >= options.keepAliveMs;
    if (!byAge && this.#requests < options.keepAliveRequests) return false;
    connectionMetrics?.expired(byAge);
    return true;
  }

  #refuse(response: string): void {
    this.#proxy.connectionMetrics?.active();
    this.socket.write(response, "latin1");
    this.#linger();
  }

  get certificates(): readonly X509Certificate[] {
    return (this.#certificates ??= peerCertificates(this.socket));
  }

  get bodyDone(): boolean {
    return this.#body.done;
  }
  startBody(sink: RequestBodySink): void {
    const body = this.#body;
    if (body.done) {
      sink.onRequestEnd();
      return;
    }
    if (body.awaitsContinue && !this.#writer.headGiven) this.socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
    body.start(sink);
    this.#readBody();
  }

  resumeBody(): void {
    if (!this.#body.held) return;
    this.#body.held = false;
    this.#readBody();
  }

  dropBody(): void {
    const body = this.#body;
    if (body.done || body.isDropped) return;
    if (body.isTooMuchToDrop) this.#close = true;
    else {
      body.drop();
      this.#readBody();
    }
  }

  #readBody(): void {
    const body = this.#body;
    body.read(this.#received, this.#received.isOwn || this.#reads.isPrivate(this.#received.buffer));
    if (this.#state !== BUSY) return;
    if (body.broken) this.#close = true;
    if (body.held) this.#gate.close();
    else if (body.started) this.#gate.open();
    if (this.#responded && (body.done || body.broken)) this.#done();
  }

  get bodyBytes(): number {
    return this.#writer.bodyBytes;
  }

  closeAfter(): void {
    this.#close = true;
  }

  head(status: number, headers: Headers, canonical: boolean, framing: Framing, length: number): void {
    const body = this.#body;
    const { minorVersion } = this.#head;
    const chunked = framing === Framing.unknown && minorVersion > 0;
    if (framing === Framing.unknown && minorVersion === 0) this.#close = true;
    if (!body.done && !body.started && body.isTooMuchToDrop) this.#close = true;
    if (takeConnection(headers)) this.#close = true;
    const text = responseHead(status, minorVersion, headers, canonical, this.#proxy.date, chunked, this.#close);
    this.#writer.head(text, framing, length, chunked);
  }

  write(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    return this.#writer.write(buffer, start, end, lasting);
  }

  writeText(text: string): void {
    this.#writer.writeText(text);
  }

  /** The log counts what an answer to HEAD would have had (spec proxy 18). */
  skipBody(body: string | Uint8Array): void {
    if (this.#head.method === "HEAD") this.#writer.bodyBytes += body.length;
  }

  flush(): void {
    this.#writer.flush();
  }

  end(): void {
    if (this.#state !== BUSY) return;
    if (this.#writer.end() && !this.#writer.mute) this.#done();
    else this.abort();
  }

  abort(): void {
    if (this.#state !== BUSY) return;
    // What the backend did send still goes out; without its end the client sees that it is not all.
    this.#writer.flush();
    this.#state = LINGER;
    this.deadlineMs = this.#limits.nearest(true);
    if (this.#ended || this.#writer.mute) this.socket.destroy();
    else this.socket.destroySoon();
  }

  limitWrite(ms: number): void {
    this.#writer.mute = ms <= 0; // The limit of the listener may have been over already.
    this.#limits.writeMs = this.#proxy.deadlines.touch() + Math.max(ms, 0);
    this.deadlineMs = this.#limits.nearest(this.bodyDone);
  }

  limitRead(ms: number): void {
    this.#limits.readMs = this.#proxy.deadlines.touch() + Math.max(ms, 0);
    this.deadlineMs = this.#limits.nearest(this.bodyDone);
  }

  #done(): void {
    if (this.#writer.cut) this.#close = true;
    if (!this.#body.done && !this.#close && !this.#ended) {
      // The next request begins behind the rest of the body.
      if (this.#responded) return;
      this.#responded = true;
      this.dropBody();
      if (this.#close && this.#state === BUSY) this.#done();
      return;
    }
    if (this.#close || this.#ended) {
      this.#linger();
      return;
    }
    this.#state = HEAD;
    this.#head.resumeAt = 0;
    if (this.#proxy.connectionMetrics !== null) this.#proxy.connectionMetrics.idle();
    this.deadlineMs = this.#proxy.deadlines.now + this.#proxy.options.idleTimeoutMs;
    if (this.#received.length > 0) {
      this.#firstByte();
      this.#parse();
    } else {
      this.#received.clear();
    }
    this.#gate.open();
  }

  /** Sends what is left, then FIN; what still arrives is read and dropped for a moment so that no reset overtakes the response. */
  #linger(): void {
    const { deadlines } = this.#proxy;
    // A client that reads slowly has its time for the response; the moment begins when all of it has left.
    this.deadlineMs = this.#state === BUSY ? this.#limits.nearest(true) : deadlines.touch() + LINGER_MS;
    this.#state = LINGER;
    this.#received.clear();
    this.socket.end(() => {
      this.deadlineMs = deadlines.touch() + LINGER_MS;
    });
    if (this.#ended) this.socket.destroySoon();
    this.#gate.open();
  }

  /** The process drains: an idle connection closes, a busy one after its response, one whose request may be on its way soon. */
  drain(): void {
    this.#close = true;
    if (this.#state !== HEAD) return;
    const nowMs = this.#proxy.deadlines.touch();
    const limitMs = arrivalLimit(nowMs, this.#acceptedMs, this.#requests, this.#received.length);
    if (limitMs === null) this.#linger();
    else this.deadlineMs = Math.min(this.deadlineMs, limitMs);
  }

  detach(): { socket: Socket; early: Buffer } {
    const early = Buffer.from(this.#received.buffer.subarray(this.#received.at, this.#received.end));
    this.#state = TUNNEL;
    this.#proxy.connectionMetrics?.hijacked();
    this.deadlineMs = Number.POSITIVE_INFINITY;
    readAsStream(this.socket);
    this.socket.removeAllListeners("data");
    this.socket.removeAllListeners("end");
    this.#received.clear();
    return { socket: this.socket, early };
  }

  get tunnels(): boolean {
    return this.#state === TUNNEL;
  }

  onDeadline(): void {
    if (this.#state !== BUSY) {
      this.socket.destroy();
    } else if (!this.bodyDone && this.#limits.isReadOver(this.#proxy.deadlines.now)) {
      this.#limits.readMs = Number.POSITIVE_INFINITY;
      this.deadlineMs = this.#limits.nearest(false);
      this.#close = true;
      this.#exchange.onClientGone();
    } else if (this.#writer.headGiven) {
      this.#exchange.onClientGone();
    } else {
      // Too late for an answer: the request goes on, and its response finds the connection closed (spec proxy 3).
      this.#writer.mute = true;
    }
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#state === HEAD) this.#linger();
    else if (this.#state === LINGER) this.socket.destroySoon();
    else if (this.#state === BUSY) {
      this.#close = true;
      this.#exchange.onClientGone();
    }
  }

  #onClose(): void {
    this.#proxy.connections.delete(this);
    this.#proxy.deadlines.delete(this);
    this.#ended = true;
    // The end of a tunnel is told by its two sockets.
    if (this.#state === TUNNEL) return;
    const busy = this.#state === BUSY;
    this.#state = CLOSED;
    this.#proxy.connectionMetrics?.closed();
    if (busy) this.#exchange.onClientGone();
    else this.#exchange.onClosed();
  }
}
