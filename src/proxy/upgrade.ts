// Protocol upgrades (spec proxy 15): after lookup, filters and the choice of an endpoint the request goes out on a connection of its
// own. With 101 both sockets become one byte tunnel that no timeout and no table change touches; any other answer is passed on.

import type { Socket } from "node:net";
import { socketErrorText } from "../backends/backend-failure.ts";
import { chunkHeader, LAST_CHUNK } from "../http/h1/chunked.ts";
import { statusLine } from "../http/h1/head-writer.ts";
import { defaultResponseLimits } from "../http/h1/limits.ts";
import { BodyKind, bodyKind, parseResponseHead, ResponseHead } from "../http/h1/response-parser.ts";
import { KIND } from "../http/h1/tables.ts";
import { Headers } from "../http/headers.ts";
import { SNIFF_LENGTH, sniffContentType } from "../http/sniff.ts";
import { statusText } from "../http/status.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { asksGzip, backendRequestHead } from "./backend-request.ts";
import { type Exchange, Phase } from "./exchange.ts";
import { removeResponseFraming } from "./framing-lines.ts";
import { undoGzip } from "./gunzip.ts";
import { record } from "./record.ts";
import type { BackendTarget } from "./route-instance.ts";
import { chooseTarget } from "./target.ts";
import { answerBody } from "./upgrade-answer.ts";
import { auditUpgradeData, auditUpgradeRequest } from "./upgrade-audit.ts";

const CONNECTION = "Connection: Upgrade\r\n";
const emptyBuffer: Buffer = Buffer.alloc(0);

/** Takes the exchange over from its backend phase. */
export function startUpgrade(exchange: Exchange): Upgrade {
  const upgrade = new Upgrade(exchange);
  upgrade.start();
  return upgrade;
}

export class Upgrade {
  readonly #exchange: Exchange;
  readonly #head = new ResponseHead();
  #received = emptyBuffer;
  #backend: Socket | null = null;
  #timer: NodeJS.Timeout | null = null;
  #settled = false;
  /** The connection is there and the request was written. */
  #requested = false;
  /** The head of the answer is here. */
  #answered = false;
  #gzipAsked = false;

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  start(): void {
    const { ctx, proxy, forward } = this.#exchange;
    const target = chooseTarget(ctx, proxy, forward);
    forward.target = target;
    if (target === null || target.pool === null) {
      this.#refuse(503, "unsupported protocol scheme", "Error connecting to backend");
      return;
    }
    const { scheme, hostname, port } = target.pool;
    const socket = proxy.pools.dialer.dial(scheme, hostname, port);
    this.#backend = socket;
    const limitMs = proxy.options.upgradeDialTimeoutMs;
    if (Number.isFinite(limitMs)) {
      this.#timer = setTimeout(
        () => this.#refuse(503, "i/o timeout", "Error connecting to backend"),
        Math.min(limitMs, LONGEST_TIMER_MS),
      );
    }
    socket.on("error", (error) => {
      if (!this.#answered) this.#failed(socketErrorText(error));
    });
    socket.on("close", () => {
      if (!this.#answered) this.#failed("EOF");
    });
    socket.once(scheme === "https" ? "secureConnect" : "connect", () => this.#request(target));
  }

  /** Connected: the request goes out, with our own Connection and Upgrade lines. */
  #request(target: BackendTarget): void {
    const { ctx, proxy, client } = this.#exchange;
    this.#clearTimer();
    this.#requested = true;
    const { headers } = ctx.request;
    const protocol = headers.get("Upgrade") ?? "";
    const chunked = ctx.request.hasBody && ctx.request.contentLength < 0;
    // A client that names keep-alive beside upgrade may as well get an ordinary answer: it is asked for as one (spec proxy 9).
    this.#gzipAsked = asksGzip(ctx.request) && !headers.getAll("Connection").some((v) => v.toLowerCase() === "upgrade");
    const own = proxy.options.removeHopHeaders ? `${CONNECTION}Upgrade: ${protocol}\r\n` : CONNECTION;
    const socket = this.#backend!;
    socket.write(backendRequestHead(ctx, proxy.options, target, chunked, this.#gzipAsked, own), "latin1");
    socket.on("data", (chunk: Buffer) => this.#onData(chunk));
    if (proxy.options.upgradeAudit) auditUpgradeRequest(ctx.request);
    const answerMs = proxy.options.responseHeaderTimeoutMs;
    if (Number.isFinite(answerMs)) {
      this.#timer = setTimeout(
        () => this.#refuse(500, "timeout awaiting response headers", "Error reading response from backend"),
        Math.min(answerMs, LONGEST_TIMER_MS),
      );
    }
    if (!client.bodyDone) this.#sendBody(socket, chunked);
  }

  /** The body of an upgrade request, at the pace of the backend. */
  #sendBody(socket: Socket, chunked: boolean): void {
    const { client } = this.#exchange;
    socket.on("drain", () => {
      if (!this.#settled) client.resumeBody();
    });
    client.startBody({
      onRequestData: (buffer, start, end) => {
        if (chunked) socket.write(chunkHeader(end - start), "latin1");
        const go = socket.write(Buffer.from(buffer.subarray(start, end)));
        if (chunked) socket.write("\r\n", "latin1");
        return go;
      },
      onRequestEnd: () => {
        if (chunked) socket.write(LAST_CHUNK, "latin1");
      },
      onRequestMalformed: () => this.#refuse(400, "malformed chunked encoding", "Error writing request to backend"),
    });
  }

  #onData(chunk: Buffer): void {
    if (this.#settled) return;
    this.#received = this.#received.length === 0 ? chunk : Buffer.concat([this.#received, chunk]);
    for (;;) {
      const used = parseResponseHead(this.#head, this.#received, 0, this.#received.length, defaultResponseLimits);
      if (used === 0) return;
      if (used < 0) {
        this.#refuse(500, "malformed HTTP response", "Error reading response from backend");
        return;
      }
      this.#received = this.#received.subarray(used);
      this.#head.resumeAt = 0;
      if (this.#head.status >= 200 || this.#head.status === 101) break;
    }
    this.#answer();
  }

  #answer(): void {
    const head = this.#head;
    this.#answered = true;
    this.#clearTimer();
    record.backendAnswered(this.#exchange, head.status);
    if (head.status === 101 && !head.keepAlive) this.#refuse(503, "", "");
    else if (head.status === 101) this.#tunnel();
    else if (head.status === 401) this.#refuse(401, "", "");
    else this.#passOn();
  }

  /** Both sides become one stream of bytes; what had arrived behind the heads comes first. */
  #tunnel(): void {
    const exchange = this.#exchange;
    const backend = this.#backend!;
    this.#settled = true;
    exchange.phase = Phase.tunnel;
    exchange.ctx.response.status = 101;
    const headers = new Headers();
    headers.reset(this.#head.text, this.#head.lines, this.#head.lineCount, this.#head.kinds, this.#head.special);
    const { socket, early } = exchange.client.detach();
    socket.setTimeout(0);
    socket.write(`${statusLine(101, 1)}${headers.serialize(this.#head.canonical)}\r\n`, "latin1");
    if (this.#received.length > 0) socket.write(this.#received);
    if (early.length > 0) backend.write(early);
    backend.removeAllListeners("data");
    if (exchange.proxy.options.upgradeAudit) {
      auditUpgradeData(this.#received);
      backend.on("data", auditUpgradeData);
    }
    socket.pipe(backend);
    backend.pipe(socket);
    let open = true;
    const end = () => {
      if (!open) return;
      open = false;
      socket.destroySoon();
      backend.destroySoon();
      exchange.tunnelEnded();
    };
    socket.on("close", end);
    backend.on("close", end);
    socket.on("error", end);
    socket.on("end", end);
    backend.on("end", end);
  }

  /** Another answer than 101: status, headers and body of the backend, framed by us. */
  #passOn(): void {
    const { ctx } = this.#exchange;
    const { status } = this.#head;
    const kind = bodyKind(ctx.request.method, this.#head);
    const backend = this.#backend!;
    backend.removeAllListeners("data");
    if (kind === BodyKind.none || (kind === BodyKind.length && this.#head.contentLength === 0)) {
      this.#settled = true;
      backend.destroy();
      ctx.serve(status, this.#answerLines(), "");
      this.#exchange.upgradeAnswered();
      return;
    }
    const body = answerBody(backend, this.#received, kind, this.#head);
    body.next().then(
      (first) => this.#serveBody(first.done === true ? null : first.value, body),
      (error: Error) => this.#refuse(500, socketErrorText(error), "Error reading response from backend"),
    );
  }

  /** The first piece is here, null for none: it decides about a content type that is not given. */
  #serveBody(first: Uint8Array | null, rest: AsyncGenerator<Uint8Array>): void {
    if (this.#settled) {
      void rest.return(undefined);
      return;
    }
    this.#settled = true;
    const { ctx, proxy } = this.#exchange;
    const { headers } = ctx.response;
    ctx.serve(this.#head.status, this.#answerLines(), first === null ? "" : join(first, rest));
    const packed = headers.known(KIND.contentEncoding) !== undefined;
    if (this.#gzipAsked) undoGzip(ctx, proxy.metrics);
    if (first !== null && !packed && !headers.has("Content-Type")) {
      const start = Buffer.from(first.buffer, first.byteOffset, Math.min(first.length, SNIFF_LENGTH));
      headers.set("Content-Type", sniffContentType(start.toString("latin1")));
    }
    this.#exchange.upgradeAnswered();
  }

  /** The lines of the answer without those of its connection. */
  #answerLines(): [string, string][] {
    const head = this.#head;
    const headers = new Headers();
    headers.reset(head.text, head.lines, head.lineCount, head.kinds, head.special);
    removeResponseFraming(head, headers);
    const lines: [string, string][] = [];
    headers.forEach((name, value) => void lines.push([name, value]));
    return lines;
  }

  #failed(message: string): void {
    if (this.#settled) return;
    record.backendFailed(this.#exchange);
    if (!this.#requested) this.#refuse(503, message, "Error connecting to backend");
    else this.#refuse(500, message, "Error reading response from backend");
  }

  #refuse(status: number, message: string, what: string): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#clearTimer();
    this.#backend?.destroy();
    if (what !== "") this.#exchange.proxy.log.error(`${what}: ${message}`);
    const body = statusText(status);
    const headers = [
      ["Content-Type", "text/plain; charset=utf-8"],
      ["Content-Length", String(body.length)],
    ] as const;
    this.#exchange.ctx.serve(status, headers, body);
    this.#exchange.upgradeAnswered();
  }

  /** The client left before the answer came. */
  cancel(): void {
    if (this.#settled) return;
    this.#settled = true;
    this.#clearTimer();
    this.#backend?.destroy();
    record.backendCanceled(this.#exchange);
  }

  #clearTimer(): void {
    if (this.#timer === null) return;
    clearTimeout(this.#timer);
    this.#timer = null;
  }
}

async function* join(first: Uint8Array, rest: AsyncGenerator<Uint8Array>): AsyncGenerator<Uint8Array> {
  try {
    yield first;
    yield* rest;
  } finally {
    await rest.return(undefined);
  }
}
