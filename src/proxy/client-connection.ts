// Hot path: a request with a small answer costs one read, one parse and one write. Guarded by bench P1.
//
// One HTTP/1.1 client connection: it owns the socket, cuts its bytes into requests, runs one exchange at a time and writes the
// responses in order. Bytes behind the present request wait; when too many wait the socket is paused. States:
//   HEAD (waiting for a request head) -> BUSY (an exchange runs) -> HEAD | LINGER (closing, the rest is read and dropped) | CLOSED
//   BUSY -> TUNNEL (after an upgrade the socket is somebody else's)

import type { Socket } from "node:net";
import type { TLSSocket } from "node:tls";
import { ChunkEvent, ChunkedDecoder, chunkHeader } from "../http/h1/chunked.ts";
import { refusal } from "../http/h1/errors.ts";
import { statusLine } from "../http/h1/head-writer.ts";
import { RequestHead } from "../http/h1/request-head.ts";
import { parseRequestHead } from "../http/h1/request-parser.ts";
import { KIND } from "../http/h1/tables.ts";
import type { Headers } from "../http/headers.ts";
import { latin1 } from "../http/latin1.ts";
import type { Timed } from "../util/deadlines.ts";
import { type ClientStream, Framing, type RequestBodySink } from "./client-stream.ts";
import { DebugStream } from "./debug-stream.ts";
import { Exchange } from "./exchange.ts";
import type { Proxy } from "./proxy.ts";

const HEAD = 0;
const BUSY = 1;
const LINGER = 2;
const TUNNEL = 3;
const CLOSED = 4;

/** Bytes behind the present request that are kept before the socket is paused. */
const MAX_WAITING_BYTES = 65536;
/** An unread request body up to this size is read and dropped to keep the connection (spec proxy 3). */
const MAX_DROPPED_BYTES = 262144;
/** A response piece up to this size leaves in one write together with the head or the chunk framing. */
const ONE_WRITE_BYTES = 8192;
/** How long a closing connection may still send what nobody reads, so that the response is not lost in a reset. */
const LINGER_MS = 1000;

const emptyBuffer = Buffer.alloc(0);

export class ClientConnection implements ClientStream, Timed {
  deadlineMs = Number.POSITIVE_INFINITY;
  readonly secure: boolean;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly socket: Socket;
  bodyDone = true;
  bodyBytes = 0;
  readonly #proxy: Proxy;
  readonly #exchange: Exchange;
  readonly #head = new RequestHead();
  readonly #acceptedMs: number;
  #state = HEAD;
  /** Received bytes that were not used: `#at` to `#end` of it. */
  #waiting: Buffer = emptyBuffer;
  #at = 0;
  #end = 0;
  #requests = 0;
  #readDeadlineMs = Number.POSITIVE_INFINITY;
  #writeDeadlineMs = Number.POSITIVE_INFINITY;
  /** The limit for writing passed before the response began. */
  #writeExpired = false;
  #headSent = false;
  /** The response is written, but the request body has not been read to its end. */
  #responded = false;
  #parsing = false;
  #ended = false;
  #paused = false;
  /** Rest of a request body with known length; -1 while it is chunked. */
  #bodyLeft = 0;
  #decoder: ChunkedDecoder | null = null;
  #sink: RequestBodySink | null = null;
  #sinkPaused = false;
  #dropped = 0;
  #close = false;
  #headText = "";
  #framing: Framing = Framing.none;
  #chunked = false;
  #left = 0;
  #awaitsDrain = false;
  readonly #onSent: () => void;

  constructor(proxy: Proxy, socket: Socket, remoteAddress: string, remotePort: number) {
    this.#proxy = proxy;
    this.socket = socket;
    this.secure = "encrypted" in socket;
    this.remoteAddress = remoteAddress;
    this.remotePort = remotePort;
    this.localPort = socket.localPort ?? 0;
    const debug = proxy.debug ? new DebugStream(this) : null;
    this.#exchange = new Exchange(proxy, debug ?? this, debug);
    this.#acceptedMs = proxy.deadlines.touch();
    this.#onSent = () => this.#sent();
    this.deadlineMs = this.#acceptedMs + proxy.options.readHeaderTimeoutMs;
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    socket.on("end", () => this.#onEnd());
    socket.on("error", () => socket.destroy());
    socket.on("close", () => this.#onClose());
    proxy.connections.add(this);
    proxy.deadlines.add(this);
  }

  /** The certificates that the client presented, for filters; null without TLS. */
  get tlsSocket(): TLSSocket | null {
    return this.secure ? (this.socket as TLSSocket) : null;
  }

  #onData(chunk: Buffer): void {
    if (this.#state === LINGER) return;
    if (this.#at < this.#end) {
      this.#append(chunk);
    } else {
      this.#waiting = chunk;
      this.#at = 0;
      this.#end = chunk.length;
      if (this.#state === HEAD && this.#head.resumeAt === 0) this.#firstByte();
    }
    if (this.#state === HEAD) this.#parse();
    else if (this.#sink !== null && !this.#sinkPaused) this.#readBody();
    this.#limitWaiting();
  }

  /** Puts a piece behind what waits. Room is doubled when it runs out, so that a head in many pieces is not copied for each. */
  #append(chunk: Buffer): void {
    const held = this.#end - this.#at;
    const needed = held + chunk.length;
    if (this.#at > 0 || this.#waiting.length < needed) {
      const room = Buffer.allocUnsafeSlow(needed * 2);
      this.#waiting.copy(room, 0, this.#at, this.#end);
      this.#waiting = room;
      this.#at = 0;
      this.#end = held;
    }
    chunk.copy(this.#waiting, this.#end);
    this.#end += chunk.length;
  }

  /** The wait for a further head begins with its first byte; the first head has its limit from the accept. */
  #firstByte(): void {
    if (this.#requests > 0) this.deadlineMs = this.#proxy.deadlines.now + this.#proxy.options.readHeaderTimeoutMs;
  }

  #limitWaiting(): void {
    if (this.#state !== BUSY || this.#end - this.#at < MAX_WAITING_BYTES) return;
    this.#pause();
  }

  #pause(): void {
    if (this.#paused) return;
    this.#paused = true;
    this.socket.pause();
  }

  #unpause(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.socket.resume();
  }

  /** Runs requests as long as complete heads wait; an exchange that ends at once does not deepen the stack. */
  #parse(): void {
    if (this.#parsing) return;
    this.#parsing = true;
    while (this.#state === HEAD && this.#at < this.#end) {
      const used = parseRequestHead(this.#head, this.#waiting, this.#at, this.#end, this.#proxy.headLimits);
      if (used === 0) break;
      if (used < 0) {
        this.#refuse(refusal(used));
        break;
      }
      this.#at += used;
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
    this.bodyBytes = 0;
    this.#headSent = false;
    this.#dropped = 0;
    this.#responded = false;
    this.#sink = null;
    this.#sinkPaused = false;
    this.#bodyLeft = head.chunked ? -1 : head.contentLength > 0 ? head.contentLength : 0;
    this.bodyDone = this.#bodyLeft === 0;
    this.#close = !head.keepAlive || proxy.draining || this.#tooOld();
    const now = proxy.deadlines.now;
    this.#writeExpired = false;
    this.#writeDeadlineMs = now + options.writeTimeoutMs;
    this.#readDeadlineMs = this.bodyDone ? Number.POSITIVE_INFINITY : now + options.readTimeoutMs;
    this.#setDeadline();
    this.#exchange.start(head);
  }

  /** The nearest of the limits of the present request. */
  #setDeadline(): void {
    const read = this.bodyDone ? Number.POSITIVE_INFINITY : this.#readDeadlineMs;
    this.deadlineMs = read < this.#writeDeadlineMs ? read : this.#writeDeadlineMs;
  }

  /** -keepalive-server and -keepalive-requests-server: the response says `Connection: close`. */
  #tooOld(): boolean {
    const { options, deadlines, connectionMetrics } = this.#proxy;
    const byAge = deadlines.now - this.#acceptedMs >= options.keepAliveMs;
    const tooOld = byAge || this.#requests >= options.keepAliveRequests;
    if (tooOld) connectionMetrics?.expired(byAge);
    return tooOld;
  }

  /** Answers what is not a request, and closes. */
  #refuse(response: string): void {
    this.#proxy.connectionMetrics?.active();
    this.socket.write(response, "latin1");
    this.#linger();
  }

  // ---- request body

  startBody(sink: RequestBodySink): void {
    this.#sink = sink;
    if (this.bodyDone) {
      sink.onRequestEnd();
      return;
    }
    if (this.#head.expectContinue && this.#headText === "" && this.bodyBytes === 0) {
      this.socket.write("HTTP/1.1 100 Continue\r\n\r\n", "latin1");
    }
    if (this.#bodyLeft === -1) {
      this.#decoder ??= new ChunkedDecoder();
      this.#decoder.reset();
    }
    this.#readBody();
    this.#unpause();
  }

  resumeBody(): void {
    if (!this.#sinkPaused) return;
    this.#sinkPaused = false;
    this.#readBody();
    if (!this.#sinkPaused) this.#unpause();
  }

  dropBody(): void {
    if (this.bodyDone || this.#sink === this.#dropper) return;
    const started = this.#sink !== null;
    if (this.#unreadable()) {
      this.#close = true;
      return;
    }
    this.#sink = this.#dropper;
    this.#sinkPaused = false;
    if (!started && this.#bodyLeft === -1) {
      this.#decoder ??= new ChunkedDecoder();
      this.#decoder.reset();
    }
    this.#readBody();
    this.#unpause();
  }

  /** A rest that is not worth reading, or that a client which waits for 100 Continue will never send. */
  #unreadable(): boolean {
    const idle = this.#sink === null || this.#sink === this.#dropper;
    return idle && (this.#bodyLeft > MAX_DROPPED_BYTES || (this.#head.expectContinue && this.#sink === null));
  }

  readonly #dropper: RequestBodySink = {
    onRequestData: (_buffer, start, end) => {
      this.#dropped += end - start;
      if (this.#dropped > MAX_DROPPED_BYTES) this.#stopDropping();
      return true;
    },
    onRequestEnd: () => {
      if (this.#responded) this.#done();
    },
    onRequestMalformed: () => this.#stopDropping(),
  };

  #stopDropping(): void {
    this.#close = true;
    if (this.#responded) this.#done();
  }

  #readBody(): void {
    const sink = this.#sink;
    if (sink === null || this.bodyDone) return;
    if (this.#bodyLeft >= 0) this.#readLength(sink);
    else this.#readChunks(sink);
  }

  #readLength(sink: RequestBodySink): void {
    const available = this.#end - this.#at;
    if (available === 0) return;
    const take = available < this.#bodyLeft ? available : this.#bodyLeft;
    const start = this.#at;
    this.#at += take;
    this.#bodyLeft -= take;
    this.bodyDone = this.#bodyLeft === 0;
    const go = sink.onRequestData(this.#waiting, start, start + take);
    if (this.bodyDone) sink.onRequestEnd();
    else if (!go) this.#holdBody();
  }

  #readChunks(sink: RequestBodySink): void {
    const decoder = this.#decoder!;
    while (!this.#sinkPaused && this.#at < this.#end) {
      const event = decoder.next(this.#waiting, this.#at, this.#end);
      this.#at = decoder.position;
      if (event === ChunkEvent.needMore) return;
      if (event === ChunkEvent.data) {
        if (!sink.onRequestData(this.#waiting, decoder.dataStart, decoder.dataEnd)) this.#holdBody();
      } else if (event === ChunkEvent.end) {
        this.bodyDone = true;
        sink.onRequestEnd();
        return;
      } else {
        this.#close = true;
        this.#bodyLeft = 0;
        this.#at = this.#end;
        sink.onRequestMalformed();
        return;
      }
    }
  }

  #holdBody(): void {
    this.#sinkPaused = true;
    this.#pause();
  }

  // ---- response

  closeAfter(): void {
    this.#close = true;
  }

  head(status: number, headers: Headers, canonical: boolean, framing: Framing, length: number): void {
    const http10 = this.#head.minorVersion === 0;
    this.#headSent = true;
    this.#framing = framing;
    this.#left = length;
    this.#chunked = framing === Framing.unknown && !http10;
    if (framing === Framing.unknown && http10) this.#close = true;
    if (!this.bodyDone && this.#unreadable()) this.#close = true;
    this.#ownConnection(headers);
    headers.mendAdditions();
    let text = statusLine(status, this.#head.minorVersion) + headers.serialize(canonical);
    if (headers.known(KIND.date) === undefined) text += `Date: ${this.#proxy.date.at(Date.now())}\r\n`;
    if (this.#chunked) text += "Transfer-Encoding: chunked\r\n";
    if (this.#close && !http10) text += "Connection: close\r\n";
    else if (!this.#close && http10) text += "Connection: keep-alive\r\n";
    this.#headText = `${text}\r\n`;
  }

  /** Connection is ours (decisions: hop-by-hop headers); a filter that says `close` is heard. */
  #ownConnection(headers: Headers): void {
    const connection = headers.known(KIND.connection);
    if (connection === undefined) return;
    if (connection.toLowerCase() === "close") this.#close = true;
    headers.delete("Connection");
  }

  write(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    let size = end - start;
    if (size === 0 || this.#framing === Framing.none) return true;
    if (this.#framing === Framing.length) {
      if (size > this.#left) {
        size = this.#left;
        this.#close = true;
        if (size === 0) return true;
      }
      this.#left -= size;
    }
    this.bodyBytes += size;
    const before = this.#chunked ? this.#headText + chunkHeader(size) : this.#headText;
    this.#headText = "";
    if (size <= ONE_WRITE_BYTES && before.length <= ONE_WRITE_BYTES) {
      // Kept for the end of the response, or the flush when the source has no more at the moment: then all leaves in one write.
      this.#headText = before + latin1(buffer, start, start + size) + (this.#chunked ? "\r\n" : "");
      return this.#canContinue();
    }
    if (this.#writeExpired) return true;
    const socket = this.socket;
    socket.cork();
    if (before !== "") socket.write(before, "latin1");
    const bytes = buffer.subarray(start, start + size);
    socket.write(lasting ? bytes : Buffer.from(bytes));
    if (this.#chunked) socket.write("\r\n", "latin1");
    socket.uncork();
    return this.#canContinue();
  }

  writeText(text: string): void {
    if (this.#framing === Framing.none) {
      this.bodyBytes += text.length;
      return;
    }
    if (text === "") return;
    const body = this.#framing === Framing.length && text.length > this.#left ? text.slice(0, this.#left) : text;
    if (body !== text) this.#close = true;
    this.bodyBytes += body.length;
    this.#left -= body.length;
    this.#headText += this.#chunked ? `${chunkHeader(body.length)}${body}\r\n` : body;
  }

  end(): void {
    if (this.#state !== BUSY) return;
    const last = this.#chunked ? `${this.#headText}0\r\n\r\n` : this.#headText;
    this.#headText = "";
    if (last !== "") this.#send(last);
    // A body shorter than promised cannot be completed: the client must see it break.
    if (this.#framing === Framing.length && this.#left > 0) this.abort();
    else this.#done();
  }

  flush(): void {
    if (this.#headText === "") return;
    const text = this.#headText;
    this.#headText = "";
    this.#send(text);
  }

  abort(): void {
    if (this.#state !== BUSY) return;
    this.flush();
    // What the backend did send still goes out; without its end the client sees that it is not all.
    this.#state = LINGER;
    this.deadlineMs = this.#proxy.deadlines.touch() + LINGER_MS;
    if (this.#ended || this.#writeExpired) this.socket.destroy();
    else this.socket.destroySoon();
  }

  limitWrite(ms: number): void {
    this.#writeDeadlineMs = this.#proxy.deadlines.touch() + Math.max(ms, 0);
    this.#setDeadline();
  }

  limitRead(ms: number): void {
    this.#readDeadlineMs = this.#proxy.deadlines.touch() + Math.max(ms, 0);
    this.#setDeadline();
  }

  #send(text: string): boolean {
    if (this.#writeExpired) return true;
    this.socket.write(text, "latin1");
    return this.#canContinue();
  }

  /**
   * False when bytes are left in user space: whoever wrote them must wait, and keep their buffer as it is. An empty write stands
   * behind them; nothing waits for the writes that leave at once, which are nearly all.
   */
  #canContinue(): boolean {
    if (this.socket.writableLength === 0) return true;
    if (!this.#awaitsDrain) {
      this.#awaitsDrain = true;
      this.socket.write(emptyBuffer, this.#onSent);
    }
    return false;
  }

  #sent(): void {
    this.#awaitsDrain = false;
    if (this.#state === BUSY) this.#exchange.onClientDrain();
  }

  /** The response is written: go on with the next request, or close. */
  #done(): void {
    this.#headText = "";
    if (this.#writeExpired) {
      this.abort();
      return;
    }
    if (!this.bodyDone && !this.#close && !this.#ended) {
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
    this.#sink = null;
    this.#head.resumeAt = 0;
    if (this.#proxy.connectionMetrics !== null) this.#proxy.connectionMetrics.idle();
    this.deadlineMs = this.#proxy.deadlines.now + this.#proxy.options.idleTimeoutMs;
    if (this.#at < this.#end) {
      this.#firstByte();
      this.#parse();
    } else {
      this.#waiting = emptyBuffer;
      this.#at = 0;
      this.#end = 0;
    }
    this.#unpause();
  }

  /** Sends what is left, then FIN; what still arrives is read and dropped for a moment so that no reset overtakes the response. */
  #linger(): void {
    this.#state = LINGER;
    this.#waiting = emptyBuffer;
    this.#at = 0;
    this.#end = 0;
    this.deadlineMs = this.#proxy.deadlines.touch() + LINGER_MS;
    this.socket.end();
    if (this.#ended) this.socket.destroySoon();
    this.#unpause();
  }

  /** The process drains: an idle connection closes, a busy one after its response. */
  drain(): void {
    if (this.#state === HEAD && this.#at >= this.#end) this.#linger();
    else this.#close = true;
  }

  /** Gives the socket away for an upgrade, with the bytes that came behind the request. */
  detach(): { socket: Socket; early: Buffer } {
    const early = this.#waiting.subarray(this.#at, this.#end);
    this.#state = TUNNEL;
    this.#proxy.connectionMetrics?.hijacked();
    this.deadlineMs = Number.POSITIVE_INFINITY;
    this.socket.removeAllListeners("data");
    this.socket.removeAllListeners("end");
    this.#waiting = emptyBuffer;
    this.#at = 0;
    this.#end = 0;
    return { socket: this.socket, early };
  }

  /** True after an upgrade. */
  get tunnels(): boolean {
    return this.#state === TUNNEL;
  }

  onDeadline(): void {
    if (this.#state !== BUSY) {
      this.socket.destroy();
    } else if (!this.bodyDone && this.#readDeadlineMs <= this.#proxy.deadlines.now) {
      this.#readDeadlineMs = Number.POSITIVE_INFINITY;
      this.#setDeadline();
      this.#close = true;
      this.#exchange.onClientGone();
    } else if (this.#headSent) {
      this.#exchange.onClientGone();
    } else {
      // Too late for an answer: the request goes on, and its response finds the connection closed (spec proxy 3).
      this.#writeExpired = true;
    }
  }

  #onEnd(): void {
    this.#ended = true;
    if (this.#state === BUSY) {
      this.#close = true;
      this.#exchange.onClientGone();
    } else if (this.#state === HEAD) {
      this.#linger();
    } else if (this.#state === LINGER) {
      this.socket.destroySoon();
    }
  }

  #onClose(): void {
    this.#proxy.connections.delete(this);
    this.#proxy.deadlines.delete(this);
    const busy = this.#state === BUSY;
    if (this.#state !== TUNNEL) {
      this.#state = CLOSED;
      this.#proxy.connectionMetrics?.closed();
    }
    this.#ended = true;
    if (busy) this.#exchange.onClientGone();
    else this.#exchange.onClosed();
  }
}
