// Hot path: part of the request context (request-context.ts), reset for every request. Guarded by bench P1 and P7.
//
// The request of a context: what was received, and what filters have made of it. `start` and `startCopy` list every field.

import type { X509Certificate } from "node:crypto";
import { parseBaggage } from "../http/baggage.ts";
import type { RequestHead } from "../http/h1/request-head.ts";
import { Headers } from "../http/headers.ts";
import { patchPath } from "../http/path.ts";
import { cleanPath } from "../routing/clean-path.ts";
import type { FilterRequest } from "../spec/context.ts";
import type { PredicateRequest } from "../spec/predicate.ts";
import type { ClientStream } from "./client-stream.ts";
import type { CopiedRequest } from "./copied-request.ts";
import type { ParsedLines } from "./framing-lines.ts";

const noLines: ParsedLines = { special: 0, kinds: new Uint8Array(0), lineCount: 0 };

/** The request of a context, as filters and predicates see it. */
export class ContextRequest implements FilterRequest, PredicateRequest {
  method = "";
  /** Method and host as they were before any filter ran; for the access log. */
  receivedMethod = "";
  receivedHost = "";
  target = "";
  protocol = "HTTP/1.1";
  host = "";
  rawPath = "";
  readonly headers = new Headers();
  /** What the parser found in the received lines. */
  received: ParsedLines = noLines;
  /** True when all received header names are in canonical form. */
  canonical = true;
  remoteAddress = "";
  remotePort = 0;
  tls = false;
  /** The client's connection, null in between requests. */
  client: ClientStream | null = null;
  contentLength = 0;
  hasBody = false;
  expectContinue = false;
  upgrade = false;
  /** True for a target like `foo:bar`, which is routed but cannot be sent to a backend (spec matching 2.4). */
  opaque = false;
  /** True when a lone `?` or a query stood in the target. */
  hasQuery = false;
  /** True when the escapes of reserved characters were put back into the path (spec matching 9). */
  patched = false;
  #path = "";
  #rawQuery = "";
  #matchPath: string | null = null;
  #segment = -1;
  #baggage: ReadonlyMap<string, string> | null | undefined = undefined;

  start(head: RequestHead): void {
    this.method = head.method;
    this.receivedMethod = head.method;
    this.target = head.text.slice(head.targetStart, head.targetEnd);
    this.protocol = head.protocol;
    this.headers.reset(head.text, head.lines, head.lineCount, head.kinds, head.special);
    this.received = head;
    this.canonical = head.canonical;
    this.contentLength = head.chunked ? -1 : head.contentLength > 0 ? head.contentLength : 0;
    this.hasBody = head.chunked || head.contentLength > 0;
    this.expectContinue = head.expectContinue;
    this.upgrade = head.upgrade;
    this.patched = false;
    this.#matchPath = null;
    this.#segment = -1;
    this.#baggage = undefined;
  }

  /** Begins a copy; its body is told by `hasBody`. */
  startCopy(copy: CopiedRequest, hasBody: boolean): void {
    this.method = copy.method;
    this.receivedMethod = copy.method;
    this.target = copy.target;
    this.protocol = copy.protocol;
    this.host = copy.host;
    this.receivedHost = copy.host;
    this.headers.clear();
    copy.headers.forEach((name, value) => {
      this.headers.append(name, value);
    });
    this.received = noLines;
    this.canonical = true;
    this.contentLength = hasBody ? copy.bodyLength : 0;
    this.hasBody = hasBody;
    this.expectContinue = false;
    this.upgrade = false;
    this.opaque = copy.opaque;
    this.patched = copy.patched;
    this.#matchPath = null;
    this.#segment = -1;
    this.#baggage = copy.received ? undefined : null;
    this.setTarget(copy.rawPath, copy.path, copy.rawQuery, copy.hasQuery);
  }

  /** Sets path and query as received; not a change. */
  setTarget(rawPath: string, path: string, rawQuery: string, hasQuery: boolean): void {
    this.rawPath = rawPath;
    this.#path = path;
    this.#rawQuery = rawQuery;
    this.hasQuery = hasQuery;
  }

  get clientCertificates(): readonly X509Certificate[] {
    return this.client!.certificates;
  }

  /** Puts the escapes of reserved characters back: -rfc-patch-path and rfcPath(). */
  patchPath(): void {
    this.path = patchPath(this.#path, this.rawPath);
    this.patched = true;
  }

  get path(): string {
    return this.#path;
  }

  set path(path: string) {
    this.#path = path;
    this.#matchPath = null;
  }

  get rawQuery(): string {
    return this.#rawQuery;
  }

  set rawQuery(query: string) {
    this.#rawQuery = query;
    this.hasQuery = query !== "";
  }

  get matchPath(): string {
    return (this.#matchPath ??= cleanPath(this.#path));
  }

  trafficSegment(): number {
    if (this.#segment < 0) this.#segment = Math.random();
    return this.#segment;
  }

  /** The baggage is read once, from the headers as they arrived. */
  baggage(): ReadonlyMap<string, string> | null {
    if (this.#baggage !== undefined) return this.#baggage;
    const baggage = this.headers.has("baggage") ? parseBaggage(this.headers.getAll("baggage")) : null;
    this.#baggage = baggage;
    return baggage;
  }
}
