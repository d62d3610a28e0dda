// Requests to the API server (spec kubernetes 3): single objects, lists in pages whose items are handed over one by one, watches,
// and the few writes. Every answer has a limit of size, and every body one of the time between two pieces.

import type { IncomingMessage } from "node:http";
import type { Readable } from "node:stream";
import type { ApplicationLog } from "../observability/log.ts";
import { zlib } from "../util/lazy-builtin.ts";
import { systemErrorText } from "../util/system-error.ts";
import { yieldCore } from "../util/yield-core.ts";
import type { ApiAccess } from "./api-access.ts";
import { ApiConnection, type ApiTimeouts, type Call, describe } from "./api-connection.ts";
import { ApiError } from "./api-error.ts";
import { EventCutter, JsonCutError, ListCutter, parseJson } from "./json-cutter.ts";
import { isObject, type Json, member, text } from "./json-fields.ts";

const TIMEOUTS: ApiTimeouts = { dialMs: 10_000, handshakeMs: 10_000, headerMs: 10_000, bodyMs: 30_000 };
/** Objects in one page of a list. */
const PAGE_SIZE = 500;
/** Bytes of a list, unpacked: several times the largest cluster. */
const MAX_LIST_BYTES = 2 ** 31;
/** Bytes of any other answer. */
const MAX_BODY_BYTES = 16 << 20;
/** So many events of a watch are read as they come within a turn of so many milliseconds; what follows waits for the next turn. */
const MANY_EVENTS = 4;
const WATCH_TURN_MS = 500;
/** More than so many in a turn come in large pieces anyhow, and are not held up. */
const FLOOD_EVENTS = 1000;
/** A longer Retry-After is not obeyed. */
const MAX_RETRY_AFTER_MS = 60_000;

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

export class ApiClient {
  readonly #connection: ApiConnection;
  readonly #bodyMs: number;
  readonly #pageSize: number;

  /** Throws when the token cannot be read. */
  constructor(options: ApiClientOptions) {
    const { access, log, timeouts = TIMEOUTS, pageSize = PAGE_SIZE } = options;
    this.#connection = new ApiConnection(access, timeouts, log);
    this.#bodyMs = timeouts.bodyMs;
    this.#pageSize = pageSize;
  }

  /** Breaks off what is under way. */
  close(): void {
    this.#connection.close();
  }

  /** The object at a path; rejects with an ApiError. */
  async get(path: string): Promise<Json> {
    const call = getCall(path, path, true);
    const response = await this.#open(call);
    const chunks: Buffer[] = [];
    await this.#readBody(call, response, MAX_BODY_BYTES, this.#bodyMs, (chunk) => void chunks.push(chunk));
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
    await this.#readBody(call, response, MAX_LIST_BYTES, this.#bodyMs, (chunk) => cutter.write(chunk));
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
    const pace = new ReadingPace(response);
    const cutter = new EventCutter((event) => {
      pace.count();
      options.event(event);
      if (!pace.isFlood) yieldCore();
    });
    const take = (chunk: Buffer): void => {
      cutter.write(chunk);
      pace.keep();
    };
    try {
      await this.#readBody(call, response, Number.POSITIVE_INFINITY, options.idleMs, take).finally(() => pace.stop());
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
    const response = await this.#connection.respond(call);
    const status = response.statusCode!;
    const isDone = status >= 200 && status <= 299;
    const chunks: Buffer[] = [];
    await this.#readBody(call, response, MAX_BODY_BYTES, this.#bodyMs, (chunk) => {
      if (!isDone) chunks.push(chunk);
    });
    if (isDone) return;
    if (status === 404) throw new ApiError("resource not found", status);
    const what = method === "PATCH" ? "patch request" : "request";
    const message = `${what} to ${path} failed, status: ${status}, ${response.statusMessage ?? ""}`;
    throw new ApiError(message, status, retryAfter(response), message, statusMessage(Buffer.concat(chunks)));
  }

  /** The response with status 200; any other becomes an error. */
  async #open(call: Call): Promise<IncomingMessage> {
    const response = await this.#connection.respond(call);
    const status = response.statusCode!;
    if (status === 200) return response;
    this.#connection.discard(response);
    if (status === 404) throw new ApiError("resource not found", status);
    const reason = `status: ${status}, ${status} ${response.statusMessage ?? ""}`;
    throw new ApiError(`request to ${call.shown} failed, ${reason}`, status, retryAfter(response));
  }

  async #readBody(
    call: Call,
    response: IncomingMessage,
    maxBytes: number,
    idleMs: number,
    take: (chunk: Buffer) => void,
  ): Promise<void> {
    const body = unpacked(response);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const idle = setTimeout(() => body.destroy(new Error(`timeout after ${idleMs} ms without data`)), idleMs);
    const broken = (reason: string) => reject(new ConnectionError(`${describe(call)}: ${reason}`, 0, 0, reason));
    let length = 0;
    const read = (chunk: Buffer): void => {
      idle.refresh();
      length += chunk.length;
      if (length > maxBytes) throw new ApiError(`${describe(call)}: response larger than ${maxBytes} bytes`);
      understood(call, () => take(chunk));
    };
    body.on("data", (chunk: Buffer) => {
      try {
        read(chunk);
      } catch (cause) {
        body.removeAllListeners("data");
        reject(cause);
      }
    });
    body.once("end", resolve);
    body.on("error", (cause) => broken(systemErrorText(cause)));
    body.once("close", () => broken("the connection was closed"));
    try {
      await promise;
    } finally {
      clearTimeout(idle);
      body.destroy();
      response.destroy();
    }
  }
}

/**
 * When a watch is read: events as they come, but of many in a short time the later ones all at once. Each piece that is read for
 * itself wakes the main thread up, and what it does then with cold caches costs more than the event.
 */
class ReadingPace {
  readonly #response: IncomingMessage;
  #events = 0;
  #turnEnds = 0;
  #timer: NodeJS.Immediate | NodeJS.Timeout | null = null;

  constructor(response: IncomingMessage) {
    this.#response = response;
  }

  /** One more event was read. */
  count(): void {
    const now = performance.now();
    if (now >= this.#turnEnds) {
      this.#turnEnds = now + WATCH_TURN_MS;
      this.#events = 0;
    }
    this.#events++;
  }

  /** Far more events than change one by one. */
  get isFlood(): boolean {
    return this.#events >= FLOOD_EVENTS;
  }

  /** Pauses to the end of the turn when it had its events, but not before all that is there was read. */
  keep(): void {
    if (this.#events < MANY_EVENTS || this.#timer !== null) return;
    this.#timer = setImmediate(() => {
      this.#timer = null;
      if (this.isFlood) return;
      this.#response.pause();
      this.#timer = setTimeout(() => {
        this.#timer = null;
        this.#turnEnds = 0;
        this.#response.resume();
      }, this.#turnEnds - performance.now());
    });
  }

  stop(): void {
    if (this.#timer === null) return;
    clearImmediate(this.#timer as NodeJS.Immediate);
    clearTimeout(this.#timer as NodeJS.Timeout);
  }
}

/** The connection broke inside a body. */
class ConnectionError extends ApiError {}

function unpacked(response: IncomingMessage): Readable {
  if (response.headers["content-encoding"] !== "gzip") return response;
  const unzip = zlib().createGunzip();
  response.on("error", (cause) => unzip.destroy(cause));
  unzip.on("close", () => response.destroy());
  return response.pipe(unzip);
}

function getCall(path: string, shown: string, mayBePacked: boolean): Call {
  return { method: "GET", path, shown, headers: mayBePacked ? { "accept-encoding": "gzip" } : {}, body: "" };
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

/** The message of a Status object, "" when the body is none. */
function statusMessage(body: Buffer): string {
  try {
    return text(parseJson(body.toString()), "message");
  } catch {
    return "";
  }
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
