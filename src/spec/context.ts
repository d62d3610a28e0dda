// The contract between the exchange and the filters: what a filter sees of one request, and the fields by which it tells the
// proxy something. All strings are byte strings (util/bytes.ts) unless said otherwise. proxy/request-context.ts is the one
// implementation; nothing keeps a context past its exchange.

import type { X509Certificate } from "node:crypto";
import type { Headers } from "../http/headers.ts";

/** A body that a filter serves or puts in place of another: a byte string, bytes, or a stream of bytes. null: no body. */
export type Body = null | string | Uint8Array | BodyStream;

/** Pieces stay as they are; when `lendsPieces` is true only until the next one is asked for. */
export interface BodyStream extends AsyncIterable<Uint8Array> {
  readonly lendsPieces?: boolean;
}

/**
 * What a transform gives: a piece, nothing yet (null), or one of them later, which holds the stream back. Many pieces come as an
 * iterable: it is asked for the next one only when the taker has room, so what is large by then never lies in memory at once.
 */
export type Transformed = Uint8Array | null | Promise<Uint8Array | null> | AsyncIterable<Uint8Array>;

/** Changes a body while it streams. What `write` and `end` give goes on; one that throws or rejects breaks the body off. */
export interface BodyTransform {
  /** `chunk` stays as it is. */
  write(chunk: Uint8Array): Transformed;
  end(): Transformed;
  /** True: as many bytes go out as came in, so a request keeps its Content-Length. */
  readonly keepsLength?: boolean;
  /** True: `write` gives its piece back as it is and keeps no part of it, so it may be shown bytes that last only for the call. */
  readonly watches?: boolean;
  /** Called when the stream breaks off before `end`. */
  destroy?(): void;
}

/** Thrown by a transform of a request body that must not reach the backend: the client gets a 400 (spec filters 7.5). */
export class BodyBlocked extends Error {}

/** The request as it goes on to the backend. */
export interface FilterRequest {
  method: string;
  /** The request target as received, never changed. */
  readonly target: string;
  /** `HTTP/1.1`, `HTTP/1.0`, `HTTP/2.0`. */
  readonly protocol: string;
  /** The incoming host; only rfcHost() changes it (spec filters 6.2). The Host of the backend request is `outgoingHost`. */
  host: string;
  /** The decoded path. Setting it makes the backend request carry this path, encoded anew (spec filters 3.6). */
  path: string;
  /** The path of the target as received, encoded. */
  readonly rawPath: string;
  /** The query without `?`; setting it replaces the query of the backend request. */
  rawQuery: string;
  readonly headers: Headers;
  /** IP address of the peer without port. */
  readonly remoteAddress: string;
  readonly remotePort: number;
  /** Puts the escapes of reserved characters back into the path as the client sent them (spec filters 6.3 rfcPath). */
  patchPath(): void;
  /** True once patchPath was called: `path` may hold escapes. */
  readonly patched: boolean;
  /** True when the client connection is TLS. */
  readonly tls: boolean;
  /** The members of the W3C baggage that came with the request; null when there are none. */
  baggage(): ReadonlyMap<string, string> | null;
  /** The certificates that the client presented, its own first; empty without TLS or without any. */
  readonly clientCertificates: readonly X509Certificate[];
  /** Declared length of the body in bytes: 0 without body, -1 when not declared. */
  readonly contentLength: number;
}

/** The response on its way to the client. */
export interface FilterResponse {
  status: number;
  readonly headers: Headers;
}

/** A request as it was when it was copied, for FilterEnv.routeCopy. What is changed here does not reach the request. */
export interface RequestCopy {
  method: string;
  readonly headers: Headers;
}

/** When the access log writes a line for this request; null: as the flags say. */
export interface AccessLogDecision {
  /** True: log when a prefix matches (or there is none). False: log when none matches (never, when there is none). */
  readonly enable: boolean;
  /** Status classes: below 10 the hundreds, below 100 the tens, else the status. */
  readonly prefixes: readonly number[];
}

/** The trace span of a request (spec observability, tracing). */
export interface Span {
  /** Both are byte strings. */
  setTag(name: string, value: string): void;
}

export interface FilterContext {
  /** The span that belongs to the request, null without tracing. */
  readonly span: Span | null;
  /** Name of the span of the backend call; "" for the usual one. */
  backendSpanName: string;
  readonly request: FilterRequest;
  /** Only in the response phase, or after `serve`. */
  readonly response: FilterResponse;
  readonly routeId: string;
  /** Host header of the backend request; "" means the host of the address that is finally used. */
  outgoingHost: string;
  /** Host of the network backend's address, "" for other backends. */
  readonly backendHost: string;
  /** Scheme of the network backend's address, "" for other backends. */
  readonly backendScheme: string;
  /** Value of a path parameter of the matched route, "" when there is none. */
  pathParam(name: string): string;
  /** For values that filters hand to other filters; made at first use, shared over loopbacks. */
  readonly stateBag: Map<string, unknown>;
  /** True in the response phase. */
  readonly hasResponse: boolean;

  /**
   * Answers the request: the remaining request filters and the backend are skipped. `headers` are name, value pairs.
   * In the response phase it replaces the response.
   */
  serve(status: number, headers: readonly (readonly [string, string])[], body: Body): void;
  /** True once `serve` was called. */
  readonly served: boolean;
  /** Response phase: true when a backend sent the response, which no filter served since. */
  readonly fromBackend: boolean;

  /**
   * Response phase: the response goes out with this status and these headers, whatever other filters do to them; its body stays what it
   * is. The first call counts. For redirect() alone.
   */
  fixResponseHead(status: number, headers: readonly (readonly [string, string])[]): void;

  /**
   * Response phase: the response is dropped and the request, as it is now, is looked up anew like a loopback, which counts. Filters to
   * the left of the caller, and of outer routes, then see the new response, which may be an error. Nothing after an upgrade. The
   * request body is gone: a backend that would need it is not called (503).
   */
  rerun(): void;

  /** Length of the request body as filters have made it so far: 0 without body, -1 when it is not known. */
  readonly requestBodyLength: number;

  /**
   * `now`: method, host, path, query and headers as filters have made them; no baggage, loopbacks go on counting, the table stays the
   * one of this request. `received`: as the request came in, before the first route; its loopbacks count anew, in the newest table.
   */
  copyRequest(as: "now" | "received"): RequestCopy;

  /** Replaces the response body; the caller sets or removes Content-Length and Content-Encoding. */
  replaceResponseBody(body: Body): void;
  /** Changes the response body while it streams; the caller removes Content-Length when the length can change. */
  transformResponseBody(transform: BodyTransform): void;
  /** Changes the request body while it streams to the backend; it is sent chunked then unless all transforms keep its length. A body
   *  that no backend gets runs through too. */
  transformRequestBody(transform: BodyTransform): void;

  /** Runs `release` when the exchange is over, however it ends: after the last byte of the response, or when it breaks off. */
  atEnd(release: () => void): void;

  /** Dynamic backend (spec filters 9.1); "" when not set. */
  dynamicUrl: string;
  dynamicHost: string;
  dynamicScheme: string;
  /** Limits in milliseconds, NaN when not set (spec resilience 8). */
  backendTimeoutMs: number;
  readTimeoutMs: number;
  writeTimeoutMs: number;
  /** Key for the consistentHash algorithm, "" when not set; and its balance factor, 0 when not set. */
  hashKey: string;
  hashBalanceFactor: number;
  /** Set by backendIsProxy(). */
  backendIsProxy: boolean;
  /** Set by setFastCgiFilename(). */
  fastCgiFilename: string;
  accessLog: AccessLogDecision | null;
  /** Query parameters whose values the access log replaces by a hash; null when none. */
  accessLogMaskedQuery: Set<string> | null;
}
