// GET of a document with a condition, redirects, gzip and a limit of time (spec route-sources 2.3). The body is complete when it is
// handed over; an interrupted one is a failure.

import type { Agent, IncomingHttpHeaders, IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { http, https, zlib } from "../util/lazy-builtin.ts";
import { LONGEST_TIMER_MS } from "../util/longest-timer.ts";
import { systemErrorText } from "../util/system-error.ts";
import type { Credentials, ServerCredentials } from "./server-credentials.ts";

export interface Download {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  /** Empty for another status than 200 and 226. */
  readonly body: Uint8Array<SharedArrayBuffer>;
}

/** What is asked for, and how. */
export interface DownloadRequest {
  readonly url: string;
  /** The IP address that stands for the name in the URL; "" when that is looked up as usual. */
  readonly address: string;
  readonly headers: Readonly<Record<string, string>>;
  /** How long the server may hold the answer back, in milliseconds. */
  readonly waitMs: number;
}

/** A download that failed; `status` is that of the answer whose body could not be read, 0 before there was one. */
export class DownloadFailure extends Error {
  readonly status: number;

  constructor(message: string, status: number) {
    super(message);
    this.status = status;
  }
}

const maxRedirects = 10;
/** A limit of time is waited for in so many parts. */
const LIMIT_PARTS = 10;
const redirects = new Set([301, 302, 303, 307, 308]);

/**
 * Calls back after a time, unless what it gives is called before. A part in which this thread stood still, at its start or over a large
 * table, counts as one and no more, and events are looked at before the end: what has come meanwhile is not late.
 */
function startLimit(ms: number, over: () => void): () => void {
  let left = LIMIT_PARTS;
  let timer: NodeJS.Timeout | undefined;
  let end: NodeJS.Immediate | undefined;
  const wait = (): void => {
    if (left-- > 0) timer = setTimeout(wait, Math.min(ms / LIMIT_PARTS, LONGEST_TIMER_MS));
    else end = setImmediate(over);
  };
  wait();
  return () => {
    clearTimeout(timer);
    clearImmediate(end);
  };
}

/** Holds the connections to one server between polls. */
export class Downloader {
  readonly #agents: { "http:": Agent; "https:": Agent };
  readonly #timeoutMs: number;
  readonly #credentials: ServerCredentials | null;

  /** `timeoutMs` is for all of one download, 0: none; see `startLimit`. `env` holds HTTP_PROXY, HTTPS_PROXY and NO_PROXY. */
  constructor(timeoutMs: number, env: NodeJS.ProcessEnv, credentials: ServerCredentials | null = null) {
    const options = { keepAlive: true, proxyEnv: env };
    this.#agents = { "http:": new (http().Agent)(options), "https:": new (https().Agent)(options) };
    this.#timeoutMs = timeoutMs;
    this.#credentials = credentials;
  }

  close(): void {
    this.#agents["http:"].destroy();
    this.#agents["https:"].destroy();
  }

  /** Rejects with an Error whose message is the reason, a DownloadFailure but for the limit of time. */
  async get({ url, address, headers, waitMs }: DownloadRequest): Promise<Download> {
    const abort = new AbortController();
    const limitMs = this.#timeoutMs + waitMs;
    const stopLimit = this.#timeoutMs > 0 ? startLimit(limitMs, () => abort.abort()) : () => {};
    let status = 0;
    try {
      let target = new URL(url);
      const { origin } = target;
      const credentials = (await this.#credentials?.current()) ?? none;
      // Another server that this one leads to is not shown what we are.
      const elsewhere = credentials.ca === undefined ? none : { ca: credentials.ca, token: "" };
      for (let i = 0; i <= maxRedirects; i++) {
        const shown = target.origin === origin ? credentials : elsewhere;
        const response = await this.#request(target, i === 0 ? address : "", headers, shown, abort.signal);
        const location = response.headers.location;
        if (redirects.has(response.statusCode!) && location !== undefined) {
          discard(response);
          target = new URL(location, target);
          continue;
        }
        const result = { status: response.statusCode!, headers: response.headers };
        if (result.status === 200 || result.status === 226) {
          status = result.status;
          return { ...result, body: await readBody(response) };
        }
        discard(response);
        return { ...result, body: empty };
      }
      throw new Error(`stopped after ${maxRedirects} redirects`);
    } catch (cause) {
      if (abort.signal.aborted) throw new Error(`Get ${JSON.stringify(url)}: timeout after ${limitMs} ms`);
      // A body that cannot be used may still be on its way.
      abort.abort();
      throw new DownloadFailure(`Get ${JSON.stringify(url)}: ${systemErrorText(cause)}`, status);
    } finally {
      stopLimit();
    }
  }

  #request(
    target: URL,
    address: string,
    given: Readonly<Record<string, string>>,
    { token, ...certificates }: Credentials,
    signal: AbortSignal,
  ): Promise<IncomingMessage> {
    const { protocol } = target;
    if (protocol !== "http:" && protocol !== "https:") {
      return Promise.reject(new Error(`unsupported protocol scheme ${JSON.stringify(protocol.slice(0, -1))}`));
    }
    const headers: OutgoingHttpHeaders = { "accept-encoding": "gzip", ...given };
    const place = address === "" ? {} : { hostname: address, servername: target.hostname };
    if (address !== "") headers.host = target.host;
    if (token !== "") headers.authorization = `Bearer ${token}`;
    // The agent keeps connections with other certificates apart.
    const options = { headers, signal, agent: this.#agents[protocol], ...place, ...certificates };
    return new Promise((resolve, reject) => {
      const get = protocol === "https:" ? https().get : http().get;
      get(target, options, resolve).on("error", reject);
    });
  }
}

/** Gets rid of a body that nobody wants; it may be long, or never end. */
function discard(response: IncomingMessage): void {
  const isEmpty = response.statusCode === 304 || response.headers["content-length"] === "0";
  if (isEmpty) response.resume();
  else response.destroy();
}

async function readBody(response: IncomingMessage): Promise<Uint8Array<SharedArrayBuffer>> {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const take = (chunk: Uint8Array): void => {
    chunks.push(chunk);
    length += chunk.length;
  };
  // A delta is compressed behind the change that it is, not as a content (RFC 3229 5.1).
  const isPacked = response.headers["content-encoding"]?.toLowerCase() === "gzip" || /,\s*gzip\b/.test(imOf(response));
  if (isPacked) {
    const unzip = zlib().createGunzip();
    response.on("error", (cause) => unzip.destroy(cause));
    for await (const chunk of response.pipe(unzip)) take(chunk as Uint8Array);
  } else {
    for await (const chunk of response) take(chunk as Uint8Array);
  }
  if (!response.complete) throw new Error("unexpected end of the body");
  const body = new Uint8Array(new SharedArrayBuffer(length));
  let at = 0;
  for (const chunk of chunks) {
    body.set(chunk, at);
    at += chunk.length;
  }
  return body;
}

function imOf(response: IncomingMessage): string {
  return response.statusCode === 226 ? String(response.headers.im ?? "") : "";
}

const none: Credentials = { token: "" };

const empty: Uint8Array<SharedArrayBuffer> = new Uint8Array(new SharedArrayBuffer(0));
