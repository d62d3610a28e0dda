// Requests to the API server (spec kubernetes 3): single objects, lists in pages whose items are handed over one by one, watches,
// and the few writes. Every step of a request has a limit of time and every answer one of size. A token that was refused is read
// again and the request repeated once, when it is another one by now.

import type { Agent, ClientRequest, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import type { Readable } from "node:stream";
import type { ApplicationLog } from "../observability/log.ts";
import { http, https, zlib } from "../util/lazy-builtin.ts";
import { systemErrorText } from "../util/system-error.ts";
import type { ApiAccess } from "./api-access.ts";
import { EventCutter, JsonCutError, ListCutter, parseJson } from "./json-cutter.ts";
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

const TIMEOUTS: ApiTimeouts = { dialMs: 10_000, handshakeMs: 10_000, headerMs: 10_000, bodyMs: 30_000 };
const KEEP_ALIVE_MS = 30_000;
const MAX_IDLE_CONNECTIONS = 5;
const CLOSE_IDLE_MS = 10_000;
/** Objects in one page of a list. */
const PAGE_SIZE = 500;
/** Bytes of a list, unpacked: several times the largest cluster. */
const MAX_LIST_BYTES = 2 ** 31;
/** Bytes of any other answer. */
const MAX_BODY_BYTES = 16 << 20;
/** Bytes of the body of an error that are read for the sake of the connection. */
const MAX_DISCARDED_BYTES = 1 << 16;
/** A longer Retry-After is not obeyed. */
const MAX_RETRY_AFTER_MS = 60_000;

/** A request that failed; the message is the text for the log. */
export class ApiError extends Error {
  /** 0 when there was no answer, or none that can be understood. */
  readonly status: number;
  /** What the server asks to wait; 0 when it does not say. */
  readonly retryAfterMs: number;
  /** The same for all requests that fail for this reason, whichever path they are for. */
  readonly reason: string;

  constructor(message: string, status = 0, retryAfterMs = 0, reason = message) {
    super(message);
    this.status = status;
    this.retryAfterMs = retryAfterMs;
    this.reason = reason;
  }
}

/** An object of the API, as far as it was looked at. */
export type Json = Readonly<Record<string, unknown>>;

export interface WatchOptions {
  readonly resourceVersion: string;
  /** After this time the server ends the watch. */
  readonly seconds: number;
  /** The watch is given up when nothing comes for so long, not even a bookmark; in milliseconds. */
  readonly idleMs: number;
  /** The server has accepted the watch. */
  opened(): void;
  event(event: unknown): void;
}

export interface ApiClientOptions {
  readonly access: ApiAccess;
  readonly log: ApplicationLog;
  readonly timeouts?: ApiTimeouts;
  readonly pageSize?: number;
}

interface Call {
  readonly method: string;
  /** With its query. */
  readonly path: string;
  /** How messages name the request: `path` without what only carries pages and watches. */
  readonly shown: string;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
}

export class ApiClient {
  readonly #access: ApiAccess;
  readonly #log: ApplicationLog;
  readonly #timeouts: ApiTimeouts;
  readonly #pageSize: number;
  readonly #agent: Agent;
  readonly #token: TokenFile | null;
  readonly #running = new Set<ClientRequest>();
  readonly #idleTimer: NodeJS.Timeout;

  /** Throws when the token cannot be read. */
  constructor(options: ApiClientOptions) {
    const { access, log } = options;
    this.#access = access;
    this.#log = log;
    this.#timeouts = options.timeouts ?? TIMEOUTS;
    this.#pageSize = options.pageSize ?? PAGE_SIZE;
    this.#token = access.tokenFile === "" ? null : new TokenFile(access.tokenFile, log);
    const settings = {
      keepAlive: true,
      keepAliveMsecs: KEEP_ALIVE_MS,
      maxFreeSockets: MAX_IDLE_CONNECTIONS,
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

  /** The object at a path; rejects with an ApiError. */
  async get(path: string): Promise<Json> {
    const call = getCall(path, path, true);
    const response = await this.#open(call);
    const chunks: Buffer[] = [];
    await this.#readBody(call, response, MAX_BODY_BYTES, this.#timeouts.bodyMs, (chunk) => void chunks.push(chunk));
    const value = understood(call, () => parseJson(Buffer.concat(chunks).toString()));
    if (!isObject(value)) throw new ApiError(`${describe(call)}: invalid JSON: expected an object`);
    return value;
  }

  /**
   * Hands over the items of a list, page by page, and gives the version of the list ("" when it names none). Rejects with an
   * ApiError, status 410 when the list changed too much before its last page; whatever `take` throws ends the list.
   * `selector` is the value of labelSelector, "" for none.
   */
  async list(path: string, selector: string, isPaged: boolean, take: (item: unknown) => void): Promise<string> {
    const shown = withQuery(path, selectorQuery(selector));
    let position = "";
    for (;;) {
      const paging = isPaged ? { limit: String(this.#pageSize) } : {};
      const query = new URLSearchParams(position === "" ? paging : { ...paging, continue: position });
      const page = await this.#page(getCall(withQuery(shown, query.toString()), shown, true), take);
      if (page.next === "") return page.resourceVersion;
      if (page.next === position) throw new ApiError(`GET ${shown}: a page of the list leads to itself`);
      position = page.next;
    }
  }

  async #page(call: Call, take: (item: unknown) => void): Promise<{ resourceVersion: string; next: string }> {
    const response = await this.#open(call);
    const cutter = new ListCutter(take);
    await this.#readBody(call, response, MAX_LIST_BYTES, this.#timeouts.bodyMs, (chunk) => cutter.write(chunk));
    const metadata = member(
      understood(call, () => cutter.end()),
      "metadata",
    );
    return { resourceVersion: text(metadata, "resourceVersion"), next: text(metadata, "continue") };
  }

  /**
   * Hands over the events of a watch until it ends: true when the server ended it, false when the connection broke or nothing came
   * any more. Rejects with an ApiError when the watch is refused or sends what cannot be understood; whatever `event` throws ends it.
   */
  async watch(path: string, selector: string, options: WatchOptions): Promise<boolean> {
    const query = new URLSearchParams({
      watch: "true",
      allowWatchBookmarks: "true",
      resourceVersion: options.resourceVersion,
      timeoutSeconds: String(options.seconds),
    });
    const listed = withQuery(path, selectorQuery(selector));
    const call = getCall(withQuery(listed, query.toString()), withQuery(listed, "watch=true"), false);
    const response = await this.#open(call);
    options.opened();
    const cutter = new EventCutter(options.event);
    try {
      await this.#readBody(call, response, Number.POSITIVE_INFINITY, options.idleMs, (chunk) => cutter.write(chunk));
      return cutter.isComplete;
    } catch (cause) {
      if (cause instanceof ConnectionError) return false;
      throw cause;
    }
  }

  /** Rejects with an ApiError unless the answer is 2xx. */
  async send(method: "POST" | "PATCH", path: string, contentType: string, value: unknown): Promise<void> {
    const body = JSON.stringify(value);
    const headers = { "content-type": contentType, "content-length": String(Buffer.byteLength(body)) };
    const call: Call = { method, path, shown: path, headers, body };
    const response = await this.#respond(call);
    const status = response.statusCode!;
    await this.#readBody(call, response, MAX_BODY_BYTES, this.#timeouts.bodyMs, () => {});
    if (status >= 200 && status <= 299) return;
    if (status === 404) throw new ApiError("resource not found", status);
    const what = method === "PATCH" ? "patch request" : "request";
    const reason = `status: ${status}, ${response.statusMessage ?? ""}`;
    throw new ApiError(`${what} to ${path} failed, ${reason}`, status, retryAfter(response));
  }

  /** The response with status 200; any other becomes an error. */
  async #open(call: Call): Promise<IncomingMessage> {
    const response = await this.#respond(call);
    const status = response.statusCode!;
    if (status === 200) return response;
    this.#discard(response);
    if (status === 404) throw new ApiError("resource not found", status);
    const reason = `status: ${status}, ${status} ${response.statusMessage ?? ""}`;
    throw new ApiError(`request to ${call.shown} failed, ${reason}`, status, retryAfter(response));
  }

  async #respond(call: Call): Promise<IncomingMessage> {
    this.#log.write("trace", `making request to: ${call.shown}`);
    const token = this.#bearer();
    let response = await this.#request(call, token);
    if (response.statusCode === 401 && this.#token !== null) {
      await this.#token.read();
      const another = this.#bearer();
      if (another !== token) {
        this.#discard(response);
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
      request.on("error", (cause) => fail(systemErrorText(cause)));
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
  #discard(response: IncomingMessage): void {
    let length = 0;
    const limit = setTimeout(() => response.destroy(), this.#timeouts.bodyMs);
    response.on("data", (chunk: Buffer) => {
      length += chunk.length;
      if (length > MAX_DISCARDED_BYTES) response.destroy();
    });
    response.on("error", () => {});
    response.on("close", () => clearTimeout(limit));
  }

  async #readBody(
    call: Call,
    response: IncomingMessage,
    maxBytes: number,
    idleMs: number,
    take: (chunk: Buffer) => void,
  ): Promise<void> {
    const idle = setTimeout(() => response.destroy(new Error(`timeout after ${idleMs} ms without data`)), idleMs);
    let length = 0;
    try {
      for await (const chunk of chunksOf(unpacked(response))) {
        idle.refresh();
        length += chunk.length;
        if (length > maxBytes) throw new ApiError(`${describe(call)}: response larger than ${maxBytes} bytes`);
        understood(call, () => take(chunk));
      }
    } catch (cause) {
      response.destroy();
      if (cause instanceof ConnectionError) {
        throw new ConnectionError(`${describe(call)}: ${cause.message}`, 0, 0, cause.message);
      }
      throw cause;
    } finally {
      clearTimeout(idle);
    }
  }
}

/** The connection broke inside a body. */
class ConnectionError extends ApiError {}

/** The bytes of a body; an interrupted one ends with a ConnectionError, what its reader throws passes. */
async function* chunksOf(body: Readable): AsyncGenerator<Buffer> {
  const chunks = body[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  try {
    for (;;) {
      const next = await chunks.next().catch((cause: unknown) => {
        throw new ConnectionError(systemErrorText(cause));
      });
      if (next.done === true) return;
      yield next.value;
    }
  } finally {
    body.destroy();
  }
}

function unpacked(response: IncomingMessage): Readable {
  if (response.headers["content-encoding"] !== "gzip") return response;
  const unzip = zlib().createGunzip();
  response.on("error", (cause) => unzip.destroy(cause));
  unzip.on("close", () => response.destroy());
  return response.pipe(unzip);
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

function getCall(path: string, shown: string, mayBePacked: boolean): Call {
  return { method: "GET", path, shown, headers: mayBePacked ? { "accept-encoding": "gzip" } : {}, body: "" };
}

function describe(call: Call): string {
  return `${call.method} ${call.shown}`;
}

function selectorQuery(selector: string): string {
  return selector === "" ? "" : `labelSelector=${encodeURIComponent(selector)}`;
}

/** The path with one more part of a query, which may be empty. */
function withQuery(path: string, query: string): string {
  if (query === "") return path;
  return `${path}${path.includes("?") ? "&" : "?"}${query}`;
}

function retryAfter(response: IncomingMessage): number {
  const value = response.headers["retry-after"] ?? "";
  const ms = /^\d+$/.test(value) ? Number(value) * 1000 : Date.parse(value) - Date.now();
  return Number.isFinite(ms) ? Math.min(Math.max(ms, 0), MAX_RETRY_AFTER_MS) : 0;
}

/** What `read` gives; an answer that is no JSON fails the call. */
function understood<T>(call: Call, read: () => T): T {
  try {
    return read();
  } catch (cause) {
    if (cause instanceof JsonCutError) throw new ApiError(`${describe(call)}: ${cause.message}`);
    throw cause;
  }
}

export function isObject(value: unknown): value is Json {
  return typeof value === "object" && value !== null && !Array.isArray(value);
}

/** A field of an object that may be none. */
export function member(value: unknown, name: string): unknown {
  return isObject(value) ? value[name] : undefined;
}

/** The same when it is a text; "" otherwise. */
export function text(value: unknown, name: string): string {
  const found = member(value, name);
  return typeof found === "string" ? found : "";
}
