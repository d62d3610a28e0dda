// The client side of an exchange that executes a copy (request-copies.ts): there is nobody, so the response is counted and dropped as
// fast as the backend sends it, and the request body comes from what a filter puts aside.

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import type { Headers } from "../http/headers.ts";
import type { CopyBody } from "../spec/env.ts";
import type { Timed } from "../util/deadlines.ts";
import type { ClientStream, RequestBodySink } from "./client-stream.ts";
import type { CopiedRequest } from "./copied-request.ts";
import { Exchange } from "./exchange.ts";
import type { Proxy } from "./proxy.ts";

/** The longest a copy may take, lest one of an endless stream keeps its place for ever; -write-timeout-server when that is less. */
const MAX_COPY_MS = 300_000;

export class CopyStream implements ClientStream, Timed {
  deadlineMs: number;
  readonly secure: boolean;
  readonly certificates: readonly X509Certificate[];
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  bodyDone: boolean;
  bodyBytes = 0;
  readonly #proxy: Proxy;
  readonly #exchange: Exchange;
  readonly #onOver: (status: number, complete: boolean) => void;
  #body: AsyncIterator<Uint8Array> | null;
  /** Continues a body that waits for the backend. */
  #wake: (() => void) | null = null;
  #status = 0;

  constructor(
    proxy: Proxy,
    copy: CopiedRequest,
    body: CopyBody | null,
    onOver: (status: number, complete: boolean) => void,
  ) {
    this.#proxy = proxy;
    this.secure = copy.tls;
    this.certificates = copy.certificates;
    this.remoteAddress = copy.remoteAddress;
    this.remotePort = copy.remotePort;
    this.localPort = copy.localPort;
    this.#body = body === null ? null : body[Symbol.asyncIterator]();
    this.bodyDone = body === null;
    if (body !== null) body.onGivenUp = () => this.#exchange.onClientGone();
    this.#onOver = onOver;
    this.#exchange = new Exchange(proxy, this);
    this.deadlineMs = proxy.deadlines.touch() + Math.min(proxy.options.writeTimeoutMs, MAX_COPY_MS);
  }

  start(copy: CopiedRequest): void {
    this.#proxy.deadlines.add(this);
    this.#exchange.startCopy(copy, this.#body !== null);
  }

  onDeadline(): void {
    this.#exchange.onClientGone();
  }

  // ---- request body

  startBody(sink: RequestBodySink): void {
    if (this.bodyDone) sink.onRequestEnd();
    else void this.#pump(this.#body!, sink);
  }

  async #pump(source: AsyncIterator<Uint8Array>, sink: RequestBodySink): Promise<void> {
    for (;;) {
      let next: IteratorResult<Uint8Array>;
      try {
        next = await source.next();
      } catch {
        // What put the body aside gave it up.
        if (this.#body !== null) this.#exchange.onClientGone();
        return;
      }
      if (this.#body === null) return;
      if (next.done === true) break;
      const { buffer, byteOffset, byteLength } = next.value;
      if (!sink.onRequestData(Buffer.from(buffer, byteOffset, byteLength), 0, byteLength, true)) {
        await new Promise<void>((resolve) => {
          this.#wake = resolve;
        });
        if (this.#body === null) return;
      }
    }
    this.#body = null;
    this.bodyDone = true;
    sink.onRequestEnd();
  }

  resumeBody(): void {
    const wake = this.#wake;
    this.#wake = null;
    wake?.();
  }

  dropBody(): void {
    const body = this.#body;
    this.#body = null;
    this.bodyDone = true;
    this.resumeBody();
    void body?.return?.();
  }

  // ---- response

  head(status: number, _headers: Headers): void {
    this.#status = status;
  }

  write(_buffer: Buffer, start: number, end: number): boolean {
    this.bodyBytes += end - start;
    return true;
  }

  writeText(text: string): void {
    this.bodyBytes += text.length;
  }

  end(): void {
    this.#over(true);
  }

  abort(): void {
    this.#over(false);
  }

  #over(complete: boolean): void {
    this.#proxy.deadlines.delete(this);
    this.dropBody();
    this.#onOver(this.#status, complete);
  }

  // ---- what only a connection has

  skipBody(): void {}
  flush(): void {}
  closeAfter(): void {}
  limitWrite(): void {}
  limitRead(): void {}

  detach(): { socket: Socket; early: Buffer } {
    throw new Error("a copy has no socket: requests for an upgrade are not copied");
  }
}
