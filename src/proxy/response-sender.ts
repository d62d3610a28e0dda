// Hot path: a backend body goes from the read buffer to the client without a copy. Guarded by bench P1 and P6.
//
// Sends the response of an exchange: decides the framing, writes the head, streams the body from where it comes (the backend, a
// text, bytes, an async iterable) through the transforms of the filters, and honours back pressure all the way.

import { KIND } from "../http/h1/tables.ts";
import type { Body, BodyStream } from "../spec/context.ts";
import { type BodyWatch, bodyWatch } from "./body-watch.ts";
import { Framing } from "./client-stream.ts";
import type { Exchange } from "./exchange.ts";
import { record } from "./record.ts";
import { TransformChain, type TransformOutput } from "./transform-chain.ts";
import { BrokenAnswer } from "./upgrade-answer.ts";

const MAX_LENGTH_DIGITS = 15;

/** What is said of the connection is ours (decisions: hop-by-hop headers); a filter may only ask to close it. */
const OWN = ["Transfer-Encoding", "Keep-Alive", "Proxy-Connection"] as const;

export class ResponseSender implements TransformOutput {
  readonly #exchange: Exchange;
  /** The transforms of the present response; null when there are none. */
  #chain: TransformChain | null = null;
  /** In place of it, when filters only look at the body of the backend. */
  #watch: BodyWatch | null = null;
  #stopped = false;
  /** Continues an iterable that waits for the client or for a transform. */
  #wake: (() => void) | null = null;
  /** The iterable that is being sent. */
  #source: AsyncIterator<Uint8Array> | Iterator<Uint8Array> | null = null;
  #turn = 0;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Writes the head, and the body when it is at hand; a backend body follows through `data` and `end`. */
  start(): void {
    const { ctx, client, forward } = this.#exchange;
    const response = ctx.response;
    this.#stopped = false;
    this.#turn++;
    if (response.status < 100 || response.status > 999) response.status = 500;
    if (!Number.isNaN(ctx.writeTimeoutMs)) {
      client.limitWrite(ctx.writeTimeoutMs);
      if (ctx.writeTimeoutMs <= 0) {
        // Over before it begins.
        forward.cancel();
        this.breakOff("no time to write the response");
        return;
      }
    }
    const noBody =
      ctx.request.method === "HEAD" || response.status < 200 || response.status === 204 || response.status === 304;
    const length = this.#declaredLength(noBody);
    for (let i = 0; i < OWN.length; i++) response.headers.deleteAdded(OWN[i]!);
    const framing = noBody ? Framing.none : length >= 0 ? Framing.length : Framing.unknown;
    const transforms = noBody ? null : ctx.responseTransforms;
    this.#watch = null;
    if (transforms !== null && !ctx.bodyReplaced) this.#watch = bodyWatch(transforms, this.#onWatchFailed);
    this.#chain = transforms === null || this.#watch !== null ? null : new TransformChain(transforms, this);
    if (!ctx.bodyReplaced) {
      client.head(response.status, response.headers, response.canonical, framing, length);
      forward.streamBody();
      return;
    }
    forward.dismiss();
    client.dropBody();
    client.head(response.status, response.headers, response.canonical, framing, length);
    const body = ctx.body;
    if (noBody) this.#skipBody(body);
    else if (body === null && this.#chain === null) this.#exchange.finish(true);
    else if (body === null) this.#pump([], this.#turn);
    else if (typeof body !== "string" && !(body instanceof Uint8Array)) this.#pump(body, this.#turn);
    else if (this.#chain !== null)
      this.#pump([typeof body === "string" ? Buffer.from(body, "latin1") : body], this.#turn);
    else {
      if (typeof body === "string") client.writeText(body);
      else this.onPiece(body);
      this.#exchange.finish(true);
    }
  }

  /** HEAD, or a status without body. */
  #skipBody(body: Body): void {
    if (typeof body === "string" || body instanceof Uint8Array) this.#exchange.client.skipBody(body);
    else if (body !== null) void body[Symbol.asyncIterator]().return?.();
    this.#exchange.finish(true);
  }

  /** The value of Content-Length when it can be used, -1 otherwise; one that cannot be used is removed. */
  #declaredLength(noBody: boolean): number {
    const { headers, status } = this.#exchange.ctx.response;
    const text = headers.known(KIND.contentLength);
    if (text === undefined) return -1;
    const length = parseLength(text);
    if (length < 0 || status < 200 || status === 204 || (noBody && status === 304)) headers.delete("Content-Length");
    else headers.keepFirst("Content-Length");
    return length;
  }

  /** Bytes of the backend. False: hold the backend until the client has taken them. */
  data(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    if (this.#chain === null) {
      if (this.#watch !== null && !this.#watch.look(buffer.subarray(start, end))) return true;
      return this.#exchange.client.write(buffer, start, end, lasting);
    }
    return this.#chain.push(Buffer.from(buffer.subarray(start, end)));
  }

  /** The backend has delivered all. */
  end(): void {
    if (this.#chain !== null) this.#chain.end();
    else if (this.#watch === null || this.#watch.end()) this.#exchange.finish(true);
  }

  /** The client has taken all that was written. */
  onDrain(): void {
    if (this.#chain === null) this.onReady();
    else this.#chain.resume();
  }

  onReady(): void {
    const wake = this.#wake;
    if (wake === null) {
      this.#exchange.forward.resume();
      return;
    }
    this.#wake = null;
    wake();
  }

  onPiece(piece: Uint8Array): boolean {
    const bytes = Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength);
    const { client } = this.#exchange;
    const go = client.write(bytes, 0, bytes.length, true);
    // A transform may give its piece long after the read that it came from.
    if (this.#chain !== null) client.flush();
    return go;
  }

  onEnd(): void {
    this.#exchange.finish(true);
  }

  readonly #onWatchFailed = (error: unknown): void => {
    this.#exchange.forward.cancel();
    this.onTransformFailed(error);
  };

  onTransformFailed(error: unknown): void {
    this.#exchange.proxy.log.error(`error while transforming the response body: ${String(error)}`);
    this.breakOff(String(error));
  }

  /** Nothing more is sent: transforms let go of what they hold. */
  stop(): void {
    this.#stopped = true;
    this.#turn++;
    this.#chain?.destroy();
    this.#watch?.destroy();
    // A source that waits for itself (a slow generator) is told, so that it holds no timer for nobody.
    void this.#source?.return?.();
    this.#source = null;
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  /** The body cannot be completed, and why: the client sees it break (decisions: never as a complete response). */
  breakOff(message: string): void {
    if (this.#stopped) return;
    this.stop();
    record.streamingFailed(this.#exchange, message);
    this.#exchange.finish(false);
  }

  /** Streams what a filter put in as body. */
  async #pump(body: Iterable<Uint8Array> | BodyStream, turn: number): Promise<void> {
    const waits = Symbol.asyncIterator in body;
    const source = waits ? body[Symbol.asyncIterator]() : body[Symbol.iterator]();
    this.#source = source;
    const lends = "lendsPieces" in body && body.lendsPieces === true;
    // The client need not wait for the head until the body begins.
    if (waits) this.#exchange.client.flush();
    try {
      for (;;) {
        const next = await source.next();
        if (this.#turn !== turn) return;
        if (next.done === true) break;
        const go =
          this.#chain === null
            ? this.onPiece(next.value)
            : this.#chain.push(lends ? Buffer.from(next.value) : next.value);
        this.#exchange.client.flush();
        if (go) continue;
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if (this.#turn !== turn) return;
      }
    } catch (error) {
      if (this.#turn !== turn) return;
      if (!(error instanceof BrokenAnswer))
        this.#exchange.proxy.log.error(`error while reading the body of a filter: ${String(error)}`);
      this.breakOff(String(error));
      return;
    }
    this.#source = null;
    this.end();
  }
}

/** A length of digits only, -1 for anything else. */
function parseLength(text: string): number {
  if (text.length === 0 || text.length > MAX_LENGTH_DIGITS) return -1;
  let value = 0;
  for (let i = 0; i < text.length; i++) {
    const digit = text.charCodeAt(i) - 48;
    if (digit < 0 || digit > 9) return -1;
    value = value * 10 + digit;
  }
  return value;
}
