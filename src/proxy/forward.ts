// Hot path: a call over a pooled connection allocates the request text and nothing else. Guarded by bench P1.
//
// The backend call of an exchange: chooses the target, writes the request, streams its body, and passes the answer on. One second
// attempt is made when nothing was sent yet (spec proxy 10). It is the owner of the backend connection from the request to the
// last byte of the response. Long because attempts, body and response share one state.

import type { BackendConnection, BackendOwner } from "../backends/backend-connection.ts";
import { BackendFailure } from "../backends/backend-failure.ts";
import type { ResponseHead } from "../http/h1/response-parser.ts";
import { isReplayable } from "../http/method.ts";
import { BodyBlocked } from "../spec/context.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { asksGzip, backendRequestHead } from "./backend-request.ts";
import { type BodyWatch, bodyWatch } from "./body-watch.ts";
import type { RequestBodySink } from "./client-stream.ts";
import type { Exchange } from "./exchange.ts";
import { startFastCgi, takeFastCgiAnswer } from "./fastcgi/fast-cgi.ts";
import type { FastCgiCall, FastCgiOwner } from "./fastcgi/fast-cgi-call.ts";
import { removeResponseFraming } from "./framing-lines.ts";
import { undoGzip } from "./gunzip.ts";
import {
  backendDeadline,
  backendError,
  bodyConsumed,
  bodyError,
  clientGone,
  malformedBody,
  opaqueTarget,
  unsupportedScheme,
} from "./proxy-error.ts";
import { record } from "./record.ts";
import { BackendKind, type BackendTarget } from "./route-instance.ts";
import { chooseTarget } from "./target.ts";
import { TransformChain, type TransformOutput } from "./transform-chain.ts";

const LAST_CHUNK = "0\r\n\r\n";

export class Forward implements BackendOwner, FastCgiOwner, RequestBodySink {
  connection: BackendConnection | null = null;
  target: BackendTarget | null = null;
  /** The endpoint of a load balanced route that was chosen, -1 for others. */
  endpoint = -1;
  readonly #exchange: Exchange;
  #headText = "";
  #chunked = false;
  #gzipAsked = false;
  /** The attempt under way is the second one, at an endpoint that was chosen anew. */
  #retried = false;
  /** The body is held back until the backend says 100 Continue. */
  #awaitsContinue = false;
  #continueTimer: NodeJS.Timeout | null = null;
  #deadline: NodeJS.Timeout | null = null;
  #bodyStarted = false;
  #responding = false;
  /** The response head went to the client and its body may follow. */
  #streaming = false;
  #chain: TransformChain | null = null;
  /** In place of it, when filters only look at the request body. */
  #watch: BodyWatch | null = null;
  /** The call to a FastCGI application, in place of `connection`. */
  #fastCgi: FastCgiCall | null = null;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  start(): void {
    const { ctx, proxy, client } = this.#exchange;
    this.connection = null;
    this.#fastCgi = null;
    this.#retried = false;
    this.#bodyStarted = false;
    this.#responding = false;
    this.#streaming = false;
    this.#awaitsContinue = false;
    this.#chain = null;
    this.#watch = null;
    const request = ctx.request;
    if (request.opaque) {
      this.#exchange.fail(opaqueTarget(request.target));
      return;
    }
    if (request.hasBody && this.#exchange.reran && request.contentLength !== 0) {
      this.#exchange.fail(bodyConsumed);
      return;
    }
    if (!this.#choose()) return;
    this.#chunked = request.hasBody && (request.contentLength < 0 || ctx.requestLengthChanges);
    this.#gzipAsked = asksGzip(request);
    this.#headText = backendRequestHead(ctx, proxy.options, this.target!, this.#chunked, this.#gzipAsked, "");
    this.#exchange.backendMs = this.#exchange.filtersMs;
    if (!Number.isNaN(ctx.backendTimeoutMs)) this.#limit(ctx.backendTimeoutMs);
    const readMs = request.contentLength > 0 ? ctx.readTimeoutMs : Number.NaN;
    if (readMs > 0) client.limitRead(readMs);
    // Without any time nothing is read, not even what is there already.
    else if (readMs <= 0 && this.#exchange.error === null) this.#exchange.fail(clientGone);
    if (this.#exchange.error === null) this.#attempt(false);
  }

  /** The address of this attempt; false when the request failed because there is none. */
  #choose(): boolean {
    const exchange = this.#exchange;
    const target = chooseTarget(exchange.ctx, exchange.proxy, this);
    this.target = target;
    if (target !== null && (target.pool !== null || target.scheme === "fastcgi")) return true;
    exchange.fail(unsupportedScheme(target === null ? "" : target.scheme));
    return false;
  }

  /** backendTimeout(): from here over all attempts to the last byte of the body. */
  #limit(timeoutMs: number): void {
    if (timeoutMs > 0) this.#deadline = setTimeout(() => this.#onTimeout(), Math.min(timeoutMs, LONGEST_TIMER_MS));
    else this.#onTimeout();
  }

  #onTimeout(): void {
    if (this.#responding) {
      this.cancel();
      this.#exchange.sender.breakOff(backendDeadline.message);
    } else {
      this.#attemptFailed(backendDeadline.message);
      this.#exchange.fail(backendDeadline);
    }
  }

  /** `fresh`: the same attempt once more, over a new connection. */
  #attempt(fresh: boolean): void {
    const exchange = this.#exchange;
    const { ctx, proxy } = exchange;
    if (this.target!.pool === null) {
      this.#fastCgi = startFastCgi(this, exchange, this.target!, this.#chunked ? -1 : ctx.request.contentLength);
      return;
    }
    const pool = this.target!.pool;
    const connection = fresh ? pool.connect(this) : pool.acquire(this);
    this.connection = connection;
    connection.method = ctx.request.method;
    connection.write(this.#headText);
    if (!fresh) {
      proxy.metrics.outgoing("HTTP/1.1");
      ctx.frame!.route!.metrics.backendRequest(this.#headText.length, ctx.request.host);
    }
    if (!ctx.request.hasBody) {
      connection.requestSent = true;
      connection.awaitHead(proxy.options.responseHeaderTimeoutMs);
      return;
    }
    if (ctx.request.expectContinue) {
      this.#awaitsContinue = true;
      const waitMs = Math.min(proxy.options.expectContinueTimeoutMs, LONGEST_TIMER_MS);
      this.#continueTimer = setTimeout(() => this.onBackendContinue(), waitMs);
      return;
    }
    // Before that the body would only wait in memory.
    if (connection.connected) this.#startBody();
  }

  #startBody(): void {
    const { ctx, client } = this.#exchange;
    if (this.#bodyStarted) return;
    this.#bodyStarted = true;
    const transforms = ctx.requestTransforms;
    if (transforms !== null) {
      this.#watch = bodyWatch(transforms, (error) => this.#refuseBody(error));
      this.#chain = this.#watch === null ? new TransformChain(transforms, this.#transformed) : null;
    }
    client.startBody(this);
  }

  // ---- request body

  onRequestData(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    const piece = buffer.subarray(start, end);
    if (this.#chain !== null) return this.#chain.push(Buffer.from(piece));
    if (this.#watch !== null && !this.#watch.look(piece)) return true;
    // A FastCGI call does not say when the bytes have left.
    return this.#writeBody(lasting && this.#fastCgi === null ? piece : Buffer.from(piece));
  }

  #writeBody(bytes: Buffer): boolean {
    if (this.#fastCgi !== null) return this.#fastCgi.write(bytes);
    const connection = this.connection;
    if (connection === null) return true;
    return this.#chunked ? connection.writeChunk(bytes) : connection.writeBytes(bytes);
  }

  onRequestEnd(): void {
    if (this.#chain !== null) this.#chain.end();
    else if (this.#watch === null || this.#watch.end()) this.#bodySent();
  }

  #bodySent(): void {
    this.#fastCgi?.end();
    const connection = this.connection;
    if (connection === null) return;
    if (this.#chunked) connection.write(LAST_CHUNK);
    connection.requestSent = true;
    if (!this.#responding) connection.awaitHead(this.#exchange.proxy.options.responseHeaderTimeoutMs);
  }

  onRequestMalformed(): void {
    if (this.#responding) return;
    this.cancel();
    this.#exchange.fail(malformedBody);
  }

  /** The response is complete: what has not come of the request body by now is not wanted any more. */
  bodyOver(): void {
    this.#chain?.destroy();
    this.#watch?.destroy();
    this.#chain = null;
    this.#watch = null;
  }

  readonly #transformed: TransformOutput = {
    onPiece: (piece) => this.#writeBody(Buffer.from(piece.buffer, piece.byteOffset, piece.byteLength)),
    onEnd: () => this.#bodySent(),
    onReady: () => this.#exchange.client.resumeBody(),
    onTransformFailed: (error) => this.#refuseBody(error),
  };

  #refuseBody(error: unknown): void {
    const exchange = this.#exchange;
    if (error instanceof BodyBlocked) exchange.proxy.metrics.blocked();
    const failure = bodyError(error);
    exchange.fail(failure);
    if (this.#responding) exchange.sender.breakOff(failure.message);
  }

  #resumeBody(): void {
    if (this.#chain === null) this.#exchange.client.resumeBody();
    else this.#chain.resume();
  }

  onBackendDrain(): void {
    const connection = this.connection;
    if (connection === null) return;
    if (connection.requestSent) {
      if (!this.#responding) connection.awaitHead(this.#exchange.proxy.options.responseHeaderTimeoutMs);
    } else if (this.#bodyStarted) {
      this.#resumeBody();
    } else if (!this.#awaitsContinue) {
      this.#startBody();
    }
  }

  onBackendContinue(): void {
    this.#clearContinue();
    if (!this.#awaitsContinue || this.connection === null) return;
    this.#awaitsContinue = false;
    this.#startBody();
  }

  // ---- FastCGI

  onFastCgiReady(): void {
    if (!this.#exchange.ctx.request.hasBody) return;
    if (this.#bodyStarted) this.#resumeBody();
    else this.#startBody();
  }

  onFastCgiAnswer(head: ResponseHead | null, body: Buffer): void {
    this.#fastCgi = null;
    this.#clearTimers();
    record.backendAnswered(this.#exchange, takeFastCgiAnswer(this.#exchange, head, body));
    this.#exchange.responsePhase();
  }

  onFastCgiFailed(failure: BackendFailure, message: string): void {
    this.#fastCgi = null;
    if (!this.#retryElsewhere(failure)) this.#failed(failure, message);
  }

  // ---- response

  onBackendHead(connection: BackendConnection): boolean {
    const exchange = this.#exchange;
    const { ctx } = exchange;
    const head = connection.head;
    this.#responding = true;
    this.#clearContinue();
    record.backendAnswered(exchange, head.status);
    const response = ctx.response;
    response.status = head.status;
    response.canonical = head.canonical;
    response.headers.reset(head.text, head.lines, head.lineCount, head.kinds, head.special);
    removeResponseFraming(head, response.headers);
    if (this.#gzipAsked && hasBody(head)) undoGzip(ctx, exchange.proxy.metrics);
    if (this.#awaitsContinue && head.keepAlive) {
      this.#awaitsContinue = false;
      this.#startBody();
    }
    exchange.responsePhase();
    return this.#streaming;
  }

  /** The head of the response went to the client: its body may follow. */
  streamBody(): void {
    this.#streaming = true;
    this.connection?.resume();
  }

  onBackendData(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    return this.#exchange.sender.data(buffer, start, end, lasting);
  }

  onBackendEnd(): void {
    this.connection = null;
    this.#clearTimers();
    this.#streaming = false;
    this.#exchange.sender.end();
  }

  onBackendFlush(): void {
    this.#exchange.client.flush();
  }

  /** The client has taken what was written. */
  resume(): void {
    this.connection?.resume();
  }

  onBackendFailed(failure: BackendFailure, message: string): void {
    const exchange = this.#exchange;
    const connection = this.connection!;
    this.connection = null;
    if (this.#responding) {
      this.#clearTimers();
      exchange.sender.breakOff(message);
      return;
    }
    if (!this.#retry(connection, failure)) this.#failed(failure, message);
  }

  #failed(failure: BackendFailure, message: string): void {
    this.#clearTimers();
    this.#attemptFailed(message);
    this.#exchange.fail(backendError(failure, message));
  }

  /** The last attempt ended without a response head. */
  #attemptFailed(message: string): void {
    const exchange = this.#exchange;
    if (this.#retried) {
      exchange.proxy.log.error(`Failed to retry backend request: ${message}`);
      record.retryFailed(exchange);
    } else record.backendFailed(exchange);
  }

  /** A kept-alive connection that was closed, or an endpoint that cannot be reached: one more attempt when nothing is lost by it. */
  #retry(connection: BackendConnection, failure: BackendFailure): boolean {
    const exchange = this.#exchange;
    const { ctx } = exchange;
    if (ctx.request.hasBody || exchange.gone) return false;
    const stale =
      connection.reused &&
      !connection.answered &&
      (failure === BackendFailure.closed || failure === BackendFailure.network);
    if (stale) {
      if (
        !isReplayable(ctx.request.method) &&
        !ctx.request.headers.has("Idempotency-Key") &&
        !ctx.request.headers.has("X-Idempotency-Key")
      )
        return false;
      this.#attempt(true);
      return true;
    }
    return this.#retryElsewhere(failure);
  }

  /** An endpoint of a load balanced route that cannot be reached: once more, with a new choice (spec proxy 10). */
  #retryElsewhere(failure: BackendFailure): boolean {
    const exchange = this.#exchange;
    const { ctx } = exchange;
    if (ctx.request.hasBody || exchange.gone) return false;
    if (failure !== BackendFailure.connect || this.#retried || ctx.frame!.route!.backend.kind !== BackendKind.lb)
      return false;
    record.backendFailed(exchange);
    this.#retried = true;
    if (!this.#choose()) return true;
    this.#headText = backendRequestHead(ctx, exchange.proxy.options, this.target!, this.#chunked, this.#gzipAsked, "");
    this.#attempt(false);
    return true;
  }

  /** Another answer takes the place of this one: its connection is kept when little of it is left. */
  dismiss(): void {
    const connection = this.connection;
    if (connection !== null && this.#responding) {
      this.connection = null;
      connection.dismiss();
    }
    this.cancel();
  }

  /** The answer is not wanted any more. */
  cancel(): void {
    this.#clearTimers();
    this.#chain?.destroy();
    this.#watch?.destroy();
    this.#streaming = false;
    const fastCgi = this.#fastCgi;
    this.#fastCgi = null;
    if (fastCgi !== null) {
      fastCgi.cancel();
      record.backendCanceled(this.#exchange);
    }
    const connection = this.connection;
    this.connection = null;
    if (connection === null) return;
    if (!this.#responding) record.backendCanceled(this.#exchange);
    connection.abandon();
  }

  #clearContinue(): void {
    if (this.#continueTimer === null) return;
    clearTimeout(this.#continueTimer);
    this.#continueTimer = null;
  }

  #clearTimers(): void {
    this.#clearContinue();
    if (this.#deadline === null) return;
    clearTimeout(this.#deadline);
    this.#deadline = null;
  }
}

/** For a request that asks for one: an answer without body keeps what it says about it. */
function hasBody({ status, contentLength }: ResponseHead): boolean {
  return contentLength !== 0 && status >= 200 && status !== 204 && status !== 304;
}
