// The way of a request to the API server (spec kubernetes 3), up to the head of the response: connections, the token, limits of time
// for each step. A token that was refused is read again and the request repeated once, when it is another one by now; so is a request
// on a kept connection that the server had closed.

import type { Agent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { ApplicationLog } from "../observability/log.ts";
import { http, https } from "../util/lazy-builtin.ts";
import { systemErrorText } from "../util/system-error.ts";
import type { ApiAccess } from "./api-access.ts";
import { ApiError } from "./api-error.ts";
import { TokenFile } from "./token-file.ts";

/** Limits in milliseconds. */
export interface ApiTimeouts {
  readonly dialMs: number;
  readonly handshakeMs: number;
  /** From the request to the head of the response. */
  readonly headerMs: number;
  /** Between two pieces of a body; watches have a limit of their own. */
  readonly bodyMs: number;
}

const KEEP_ALIVE_MS = 30_000;
const MAX_IDLE_CONNECTIONS = 5;
const CLOSE_IDLE_MS = 10_000;
/** Bytes of the body of an error that are read for the sake of the connection. */
const MAX_DISCARDED_BYTES = 1 << 16;

export interface Call {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** How messages name the request: `path` without what only carries pages and watches. */
  readonly shown: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

export class ApiConnection {
  readonly #access: ApiAccess;
  readonly #log: ApplicationLog;
  readonly #timeouts: ApiTimeouts;
  readonly #agent: Agent;
  readonly #token: TokenFile | null;
  readonly #running = new Set<ClientRequest>();
  readonly #idleTimer: NodeJS.Timeout;

  /** Throws when the token cannot be read. */
  constructor(access: ApiAccess, timeouts: ApiTimeouts, log: ApplicationLog) {
    this.#access = access;
    this.#log = log;
    this.#timeouts = timeouts;
    this.#token = access.tokenFile === "" ? null : new TokenFile(access.tokenFile, log);
    const settings = {
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MS,
      maxFreeSockets: MAX_IDLE_CONNECTIONS,
      // A response that is paused keeps one piece, and the rest stays in the socket's buffer: the thread does not wake up for it.
      highWaterMark: 1,
      ...(access.proxyEnv === null ? {} : { proxyEnv: access.proxyEnv }),
    };
    this.#agent = access.url.startsWith("https:")
      ? new (https().Agent)({ ...settings, minVersion: "TLSv1.2", ...(access.ca === "" ? {} : { ca: access.ca }) })
      : new (http().Agent)(settings);
    // A load balancer in front of several API servers gets the chance to choose again.
    this.#idleTimer = setInterval(() => this.#closeIdle(), CLOSE_IDLE_MS).unref();
  }

  /** Breaks off what is under way. */
  close(): void {
    clearInterval(this.#idleTimer);
    this.#token?.stop();
    for (const request of this.#running) request.destroy(new Error("the client was closed"));
    this.#agent.destroy();
  }

  #closeIdle(): void {
    for (const sockets of Object.values(this.#agent.freeSockets)) for (const socket of sockets ?? []) socket.destroy();
  }

  /** The response, whatever its status; rejects with an ApiError when there is none. */
  async respond(call: Call): Promise<IncomingMessage> {
    this.#log.write("trace", `making request to: ${call.shown}`);
    const token = this.#bearer();
    let response = await this.#request(call, token).catch((error: unknown) => {
      if (error instanceof StaleConnection) return this.#request(call, token);
      throw error;
    });
    if (response.statusCode === 401 && this.#token !== null) {
      await this.#token.read();
      const another = this.#bearer();
      if (another !== token) {
        this.discard(response);
        response = await this.#request(call, another);
      }
    }
    if (response.statusCode === 200) this.#log.write("trace", `request to ${call.shown} succeeded`);
    return response;
  }

  #bearer(): string {
    try {
      return this.#token?.token ?? "";
    } catch (cause) {
      throw new ApiError((cause as Error).message);
    }
  }

  /** The head of the response. */
  #request(call: Call, token: string): Promise<IncomingMessage> {
    const { url } = this.#access;
    const headers = token === "" ? call.headers : { ...call.headers, authorization: `Bearer ${token}` };
    return new Promise((resolve, reject) => {
      const fail = (reason: string): void => reject(new ApiError(`${describe(call)}: ${reason}`, 0, 0, reason));
      let request: ClientRequest;
      try {
        const module = url.startsWith("https:") ? https() : http();
        request = module.request(url + call.path, { method: call.method, headers, agent: this.#agent });
      } catch (cause) {
        fail((cause as Error).message);
        return;
      }
      this.#running.add(request);
      const limit = new StepLimit(request);
      this.#limitSteps(request, limit);
      request.on("error", (cause: NodeJS.ErrnoException) => {
        if (request.reusedSocket && cause.code === "ECONNRESET") reject(new StaleConnection(describe(call)));
        else fail(systemErrorText(cause));
      });
      request.on("close", () => {
        limit.clear();
        this.#running.delete(request);
        fail("connection closed");
      });
      request.on("response", (response) => {
        limit.clear();
        resolve(response);
      });
      request.end(call.body);
    });
  }

  #limitSteps(request: ClientRequest, limit: StepLimit): void {
    const { dialMs, handshakeMs, headerMs } = this.#timeouts;
    limit.set(dialMs, "connecting");
    request.on("socket", (socket) => {
      const connected = (): void => limit.set(headerMs, "waiting for the response");
      if (!socket.connecting) {
        connected();
        return;
      }
      socket.once("connect", () => {
        if ("encrypted" in socket) limit.set(handshakeMs, "the TLS handshake");
        else connected();
      });
      socket.once("secureConnect", connected);
    });
  }

  /** Reads a body to its end, so that the connection can be used again, unless it is long or slow. */
  discard(response: IncomingMessage): void {
    let length = 0;
    const limit = setTimeout(() => response.destroy(), this.#timeouts.bodyMs);
    response.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_DISCARDED_BYTES) response.destroy();
    });
    response.on("error", () => {});
    response.on("close", () => clearTimeout(limit));
  }
}

/** A kept connection was closed before a response came. */
class StaleConnection extends ApiError {}

export function describe(call: Call): string {
  return `${call.method} ${call.shown}`;
}

/** The one timer of the steps that lead to a response. */
class StepLimit {
  readonly #request: ClientRequest;
  #timer: NodeJS.Timeout | undefined;

  constructor(request: ClientRequest) {
    this.#request = request;
  }

  set(ms: number, what: string): void {
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#request.destroy(new Error(`timeout after ${ms} ms: ${what}`)), ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
  }
}
