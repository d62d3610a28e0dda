// GET and HEAD of /routes and /routes/<zone> (spec routesrv 2.1): the whole table as static content with conditions and ranges, and for
// clients that ask so a delta (RFC 3229) or an answer that waits for the next change (RFC 7240). Stock clients see nothing of that.

import type { IncomingMessage, ServerResponse } from "node:http";
import { ROUTE_DELTA } from "../eskip/route-delta.ts";
import { type ByteRange, readRanges } from "../http/byte-ranges.ts";
import { checkConditions, rangeApplies, readTags } from "../http/conditions.ts";
import type { DownloadLimit } from "./download-limit.ts";
import type { PackedDelta, Publications } from "./publication.ts";
import { etagOf, hashOf, type Representation, represent } from "./representation.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import type { WaitingClients } from "./waiting-clients.ts";

const TEXT = "text/plain; charset=utf-8";
/** How far the cluster was seen; sent to clients that ask for deltas. */
export const VERSIONS_HEADER = "Routes-Versions";
/** A Prefer of more seconds waits so long. */
const MAX_WAIT_SECONDS = 300;
/** Seconds after which a client may come again that found too many others; up to twice as many, so that they do not all come at once. */
const RETRY_SECONDS = 2;

export interface RoutesHandlerOptions {
  readonly publications: Publications;
  readonly waiting: WaitingClients;
  readonly downloads: DownloadLimit;
  readonly metrics: ServerMetrics;
  sourceVersions(): string;
}

export class RoutesHandler {
  readonly #options: RoutesHandlerOptions;

  constructor(options: RoutesHandlerOptions) {
    this.#options = options;
  }

  /** `zone` "" for the full table. */
  async serve(request: IncomingMessage, response: ServerResponse, zone: string): Promise<void> {
    const exchange = new Exchange(request, response, this.#options.metrics);
    const { method, headers } = request;
    const { publications } = this.#options;
    if (method !== "GET" && method !== "HEAD") return exchange.end(405);
    if (!publications.isInitialized) return exchange.end(404);
    const wanted = readWish(headers);
    if (method === "GET" && wanted.waitSeconds > 0) {
      const { hash } = publications.snapshot(zone);
      if (wanted.hashes.includes(hash)) {
        exchange.pause();
        const isThere = await this.#options.waiting.wait(response, zone, hash, wanted.waitSeconds);
        if (!isThere) return;
        exchange.resume();
      }
    }
    const snapshot = publications.snapshot(zone);
    response.setHeader("X-Count", snapshot.count);
    if (wanted.waitSeconds > 0) response.setHeader("Preference-Applied", "wait");
    if (wanted.delta) response.setHeader(VERSIONS_HEADER, this.#options.sourceVersions());
    if (wanted.delta && method === "GET" && !wanted.hashes.includes(snapshot.hash)) {
      for (const base of wanted.hashes) {
        const delta = publications.delta(zone, base);
        if (delta !== null) return exchange.delta(delta, base, etagOf(snapshot.hash, wanted.gzip), wanted.packed);
      }
    }
    const validators = { etag: etagOf(snapshot.hash, wanted.gzip), lastModifiedMs: publications.lastModifiedMs };
    const condition = checkConditions(headers, validators);
    response.setHeader("Etag", validators.etag);
    if (condition === 304) return exchange.end(304);
    response.setHeader("Last-Modified", new Date(validators.lastModifiedMs).toUTCString());
    response.setHeader("Content-Type", TEXT);
    if (condition === 412) return exchange.end(412);
    response.setHeader("Accept-Ranges", "bytes");
    const representation = await represent(snapshot, wanted.gzip).catch(() => null);
    if (representation === null) return exchange.fail();
    const range = rangeApplies(single(headers["if-range"]), validators) ? headers.range : undefined;
    const found = readRanges(range, representation.length);
    if (found !== "all" && found.type === "none") return exchange.unsatisfiable(representation.length, found.reason);
    const ranges = found === "all" ? [] : found.ranges;
    if (method === "HEAD") return exchange.body(representation, ranges, true);
    await this.#download(exchange, representation, ranges);
  }

  async #download(exchange: Exchange, representation: Representation, ranges: readonly ByteRange[]): Promise<void> {
    const slot = await this.#options.downloads.enter(exchange.response);
    if (slot === "gone") return;
    if (slot === "full") {
      exchange.response.setHeader("Retry-After", RETRY_SECONDS + Math.floor(Math.random() * (RETRY_SECONDS + 1)));
      return exchange.busy();
    }
    try {
      await exchange.body(representation, ranges, false);
    } finally {
      slot.leave();
    }
  }
}

/** A header that the parser gives as a list although it has one value. */
function single(value: string | string[] | undefined): string | undefined {
  return Array.isArray(value) ? value[0] : value;
}

/** What a client asks for beside the resource. */
interface Wish {
  readonly gzip: boolean;
  /** It reads deltas, and those that are compressed. */
  readonly delta: boolean;
  readonly packed: boolean;
  /** Of the texts that it has. */
  readonly hashes: readonly string[];
  /** 0: it does not wait. */
  readonly waitSeconds: number;
}

function readWish(headers: IncomingMessage["headers"]): Wish {
  const manipulations = String(headers["a-im"] ?? "")
    .toLowerCase()
    .split(",")
    .map((name) => name.trim());
  const wait = /(?:^|[,;])\s*wait\s*=\s*"?(\d{1,9})/i.exec(String(headers.prefer ?? ""));
  return {
    gzip: String(headers["accept-encoding"] ?? "").includes("gzip"),
    delta: manipulations.includes(ROUTE_DELTA),
    packed: manipulations.includes("gzip"),
    hashes: readTags(headers["if-none-match"] ?? "")
      .filter(({ tag }) => tag !== "*")
      .map(({ tag }) => hashOf(tag)),
    waitSeconds: Math.min(Number(wait?.[1] ?? 0), MAX_WAIT_SECONDS),
  };
}

/** One answer, and how it is counted: by its status, and by the time that the server worked on it. */
class Exchange {
  readonly response: ServerResponse;
  readonly #isHead: boolean;
  #startedAt = performance.now();
  #workedMs = 0;

  constructor(request: IncomingMessage, response: ServerResponse, metrics: ServerMetrics) {
    this.response = response;
    this.#isHead = request.method === "HEAD";
    response.once("close", () => {
      if (response.headersSent) metrics.served(response.statusCode, (this.#workedMs + this.#sinceStart()) / 1000);
    });
  }

  /** Waiting for a change is no work. */
  pause(): void {
    this.#workedMs += this.#sinceStart();
  }

  resume(): void {
    this.#startedAt = performance.now();
  }

  /** An answer without body. */
  end(status: 304 | 404 | 405 | 412): void {
    if (status !== 304) this.response.setHeader("Content-Length", 0);
    this.response.writeHead(status).end();
  }

  delta({ plain, gzip }: PackedDelta, base: string, etag: string, packed: boolean): void {
    const body = packed ? gzip : plain;
    const headers = {
      "Content-Type": TEXT,
      Etag: etag,
      IM: packed ? `${ROUTE_DELTA}, gzip` : ROUTE_DELTA,
      "Delta-Base": etagOf(base, false),
      // A cache that does not know deltas would take it for the resource (RFC 3229 10.5.1).
      "Cache-Control": "no-store",
      "Content-Length": body.length,
    };
    this.response.writeHead(226, "IM Used", headers).end(body);
  }

  unsatisfiable(length: number, reason: string): void {
    for (const name of ["Etag", "Last-Modified", "Accept-Ranges"]) this.response.removeHeader(name);
    this.response.setHeader("Content-Range", `bytes */${length}`);
    this.#message(416, `${reason}\n`);
  }

  busy(): void {
    for (const name of ["Etag", "Last-Modified", "Accept-Ranges"]) this.response.removeHeader(name);
    this.#message(503, "too many downloads\n");
  }

  fail(): void {
    for (const name of ["Etag", "Last-Modified", "Accept-Ranges", "X-Count"]) this.response.removeHeader(name);
    this.#message(500, "");
  }

  #message(status: number, text: string): void {
    const headers = { "Content-Type": TEXT, "X-Content-Type-Options": "nosniff", "Content-Length": text.length };
    this.response.writeHead(status, headers).end(this.#isHead ? "" : text);
  }

  /** All of it when there are no ranges. */
  async body(representation: Representation, ranges: readonly ByteRange[], isHead: boolean): Promise<void> {
    const { response } = this;
    const { length, encoding } = representation;
    if (encoding !== "") response.setHeader("Content-Encoding", encoding);
    const [first] = ranges;
    let parts: Iterable<Buffer>;
    if (first === undefined) {
      response.writeHead(200, { "Content-Length": length });
      parts = representation.parts({ start: 0, end: length });
    } else if (ranges.length === 1) {
      response.writeHead(206, {
        "Content-Range": contentRange(first, length),
        "Content-Length": first.end - first.start,
      });
      parts = representation.parts(first);
    } else {
      const multipart = new Multipart(representation, ranges);
      response.writeHead(206, { "Content-Type": multipart.contentType, "Content-Length": multipart.length });
      parts = multipart.parts();
    }
    if (isHead) response.end();
    else await send(response, parts);
  }

  #sinceStart(): number {
    return performance.now() - this.#startedAt;
  }
}

/** As fast as the client reads; resolves when it has all of it or is gone. */
async function send(response: ServerResponse, parts: Iterable<Buffer>): Promise<void> {
  if (response.destroyed) return;
  const over = new Promise<void>((resolve) => response.once("close", resolve));
  for (const part of parts) {
    if (response.destroyed) return;
    if (!response.write(part)) await Promise.race([over, new Promise((resolve) => response.once("drain", resolve))]);
  }
  response.end();
  await over;
}

function contentRange({ start, end }: ByteRange, length: number): string {
  return `bytes ${start}-${end - 1}/${length}`;
}

/** Several ranges in one body (RFC 9110 14.6). */
class Multipart {
  readonly contentType: string;
  readonly length: number;
  readonly #representation: Representation;
  readonly #ranges: readonly ByteRange[];
  readonly #boundary: string;

  constructor(representation: Representation, ranges: readonly ByteRange[]) {
    this.#representation = representation;
    this.#ranges = ranges;
    this.#boundary = `routes-${Math.random().toString(16).slice(2).padEnd(13, "0")}`;
    this.contentType = `multipart/byteranges; boundary=${this.#boundary}`;
    const bytes = ranges.reduce((sum, range) => sum + this.#head(range).length + range.end - range.start + 2, 0);
    this.length = bytes + this.#tail().length;
  }

  *parts(): Generator<Buffer> {
    for (const range of this.#ranges) {
      yield this.#head(range);
      yield* this.#representation.parts(range);
      yield Buffer.from("\r\n");
    }
    yield this.#tail();
  }

  #head(range: ByteRange): Buffer {
    const line = contentRange(range, this.#representation.length);
    return Buffer.from(`--${this.#boundary}\r\nContent-Range: ${line}\r\nContent-Type: ${TEXT}\r\n\r\n`);
  }

  #tail(): Buffer {
    return Buffer.from(`--${this.#boundary}--\r\n`);
  }
}
