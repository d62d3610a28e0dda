// How an answer of /routes is written, and counted: by its status, and by the time that the server worked on it (spec routesrv 9).

import type { IncomingMessage, ServerResponse } from "node:http";
import { ROUTE_DELTA } from "../eskip/route-delta.ts";
import type { ByteRange } from "../http/byte-ranges.ts";
import type { TracedSpan, Tracer } from "../observability/tracer.ts";
import { contentRange, MultipartRanges } from "./multipart-ranges.ts";
import type { PackedDelta } from "./publication.ts";
import { etagOf, type Representation } from "./representation.ts";
import type { ServerMetrics } from "./server-metrics.ts";

export const TEXT = "text/plain; charset=utf-8";

export class RoutesAnswer {
  readonly response: ServerResponse;
  readonly #isHead: boolean;
  #startedAt = performance.now();
  #workedMs = 0;
  readonly #tracer: Tracer | null;
  #span: TracedSpan | null;
  /** Of the body, as far as it was handed to the connection. */
  #bytes = 0;

  /** `tracer` null: there is no tracing. */
  constructor(request: IncomingMessage, response: ServerResponse, metrics: ServerMetrics, tracer: Tracer | null) {
    this.response = response;
    this.#isHead = request.method === "HEAD";
    this.#tracer = tracer;
    this.#span = this.#startSpan();
    response.once("close", () => {
      this.#endSpan();
      if (response.headersSent) metrics.served(response.statusCode, (this.#workedMs + this.#sinceStart()) / 1000);
    });
  }

  /** Waiting for a change is no work, and the span begins anew behind it: that of a client which goes away meanwhile is dropped. */
  pause(): void {
    this.#workedMs += this.#sinceStart();
    this.#span = null;
  }

  resume(): void {
    this.#startedAt = performance.now();
    this.#span = this.#startSpan();
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
    this.#bytes += body.length;
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
    const body = this.#isHead ? "" : text;
    this.response.writeHead(status, headers).end(body);
    this.#bytes += body.length;
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
      const multipart = new MultipartRanges(representation, ranges, TEXT);
      response.writeHead(206, { "Content-Type": multipart.contentType, "Content-Length": multipart.length });
      parts = multipart.parts();
    }
    if (isHead) response.end();
    else await this.#send(parts);
  }

  /** As fast as the client reads; resolves when it has all of it or is gone. */
  async #send(parts: Iterable<Buffer>): Promise<void> {
    const { response } = this;
    if (response.destroyed) return;
    const over = new Promise<void>((resolve) => response.once("close", resolve));
    for (const part of parts) {
      if (response.destroyed) return;
      this.#bytes += part.length;
      if (!response.write(part)) await Promise.race([over, new Promise((resolve) => response.once("drain", resolve))]);
    }
    response.end();
    await over;
  }

  #startSpan(): TracedSpan | null {
    return this.#tracer?.startSpan("serve_routes") ?? null;
  }

  #endSpan(): void {
    if (this.response.headersSent) this.#span?.setTag("status", this.response.statusCode);
    this.#span?.setTag("bytes", this.#bytes);
    this.#span?.end();
  }

  #sinceStart(): number {
    return performance.now() - this.#startedAt;
  }
}
