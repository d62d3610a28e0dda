// One copy on its way to a shadow server: request, body, redirects, and an answer that nobody sees.

import type { ClientRequest, IncomingMessage } from "node:http";
import { type ByteQueue, QueueGivenUp } from "../../util/byte-queue.ts";
import { fromByteString } from "../../util/bytes.ts";
import { http, https } from "../../util/lazy-builtin.ts";
import type { ShadowClient } from "./shadow-client.ts";
import { type ShadowTarget, shadowTarget } from "./shadow-url.ts";

export interface ShadowRequest {
  readonly target: ShadowTarget;
  readonly method: string;
  /** Path and query, encoded. */
  readonly path: string;
  /** Names and values in turn, without Host and framing. */
  readonly headers: readonly string[];
  /** Bytes of the body, -1 when that is not known. */
  readonly bodyLength: number;
}

const MAX_REDIRECTS = 10;
/** What is read of an answer to keep its connection. */
const MAX_ANSWER_BYTES = 262_144;
/** Is not sent to another host than the one that it was meant for. */
const SECRETS = ["authorization", "cookie", "www-authenticate"];

export class ShadowCall {
  readonly #client: ShadowClient;
  readonly #onOver: (problem: string) => void;
  readonly #body: ByteQueue | null;
  #request: ShadowRequest;
  /** The attempt that counts. */
  #attempt: ClientRequest | null = null;
  #redirects = 0;
  #timer: NodeJS.Timeout | null = null;
  #isOver = false;

  /** `onOver` is called once, with what went wrong or "". */
  constructor(client: ShadowClient, request: ShadowRequest, body: ByteQueue | null, onOver: (problem: string) => void) {
    this.#client = client;
    this.#request = request;
    this.#body = body;
    this.#onOver = onOver;
    // Who filled the queue knows why it was given up.
    if (body !== null) body.onGivenUp = () => this.#over("");
  }

  start(): void {
    if (this.#isOver) return;
    const { timeoutMs } = this.#client.options;
    this.#timer = setTimeout(() => this.#over(`no answer within ${timeoutMs / 1000}s`), timeoutMs);
    this.#timer.unref();
    this.#send(this.#body);
  }

  #send(body: ByteQueue | null): void {
    const { target, method, path, headers, bodyLength } = this.#request;
    if (target.server === null) {
      this.#over("the URL names no server of HTTP");
      return;
    }
    const { secure, hostname, port } = target.server;
    let attempt: ClientRequest;
    try {
      attempt = (secure ? https() : http()).request({
        agent: this.#client.agent(secure),
        host: hostname,
        port,
        method,
        path,
        headers: [...headers, "Host", target.host, ...framing(method, body === null ? 0 : bodyLength)],
      });
    } catch (error) {
      // A filter put bytes into the request that none has.
      this.#over(String(error));
      return;
    }
    this.#attempt = attempt;
    attempt.on("response", (response) => this.#onResponse(attempt, response));
    attempt.on("error", (error) => this.#ended(attempt, error.message));
    attempt.on("close", () => this.#ended(attempt, "the connection was closed"));
    if (body === null) attempt.end();
    else void this.#write(attempt, body);
  }

  async #write(attempt: ClientRequest, body: ByteQueue): Promise<void> {
    try {
      for await (const piece of body) {
        await written(attempt, piece);
        if (this.#attempt !== attempt) return;
      }
      attempt.end();
    } catch (error) {
      this.#ended(attempt, error instanceof QueueGivenUp ? "" : String(error));
    }
  }

  #onResponse(attempt: ClientRequest, response: IncomingMessage): void {
    response.on("error", () => {});
    response.on("end", () => this.#ended(attempt, ""));
    let bytes = 0;
    response.on("data", (piece: Buffer) => {
      bytes += piece.length;
      if (bytes > MAX_ANSWER_BYTES) this.#ended(attempt, "");
    });
    const { location } = response.headers;
    if (this.#attempt !== attempt || location === undefined || !this.#client.options.followsRedirects) return;
    const next = this.#redirected(response.statusCode!, location);
    if (next === null) return;
    // From here on what comes of this attempt counts for nothing.
    this.#attempt = null;
    if (this.#redirects++ === MAX_REDIRECTS) {
      this.#over(`stopped after ${MAX_REDIRECTS} redirects`);
      return;
    }
    const keepsBody = this.#request.method === next.method && this.#body !== null;
    if (keepsBody || attempt.writableFinished) response.resume();
    else attempt.destroy();
    void this.#body?.return();
    this.#request = next;
    this.#send(null);
  }

  /** The request that a redirect asks for; null when it cannot be followed (a body is gone) or is none. */
  #redirected(status: number, location: string): ShadowRequest | null {
    const { method, target, path, headers } = this.#request;
    const keepsMethod = status === 307 || status === 308;
    if (!keepsMethod && status !== 301 && status !== 302 && status !== 303) return null;
    if (keepsMethod && this.#body !== null) return null;
    const scheme = target.server!.secure ? "https" : "http";
    let url: URL;
    try {
      url = new URL(fromByteString(location), `${scheme}://${target.host}${path}`);
    } catch {
      return null;
    }
    const next = shadowTarget(url.protocol.slice(0, -1), url.host);
    return {
      target: next,
      method: keepsMethod || method === "HEAD" ? method : "GET",
      path: `${url.pathname}${url.search}`,
      headers: next.host === target.host ? headers : withoutSecrets(headers),
      bodyLength: 0,
    };
  }

  #ended(attempt: ClientRequest, problem: string): void {
    if (this.#attempt === attempt) this.#over(problem);
  }

  #over(problem: string): void {
    if (this.#isOver) return;
    this.#isOver = true;
    if (this.#timer !== null) clearTimeout(this.#timer);
    void this.#body?.return();
    const attempt = this.#attempt;
    this.#attempt = null;
    // Destroying what is complete does nothing to a connection that has gone back to the agent.
    attempt?.destroy();
    this.#onOver(problem);
  }
}

/** The header that tells the end of the body. */
function framing(method: string, bodyLength: number): string[] {
  if (bodyLength < 0) return ["Transfer-Encoding", "chunked"];
  const says = bodyLength > 0 || method === "POST" || method === "PUT" || method === "PATCH";
  return says ? ["Content-Length", String(bodyLength)] : [];
}

function withoutSecrets(headers: readonly string[]): string[] {
  const kept: string[] = [];
  for (let i = 0; i < headers.length; i += 2)
    if (!SECRETS.includes(headers[i]!.toLowerCase())) kept.push(headers[i]!, headers[i + 1]!);
  return kept;
}

/** Resolves when the bytes have left, or never will. */
function written(request: ClientRequest, bytes: Uint8Array): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      request.off("close", done);
      resolve();
    };
    request.on("close", done);
    request.write(bytes, done);
    if (request.destroyed) done();
  });
}
