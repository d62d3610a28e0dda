// Hot path: one instance per client connection, reset for every request; nothing is allocated that no filter asks for.
// Guarded by bench P1 and P7.
//
// The one implementation of FilterContext: the state of one request from its head to its last byte. `reset` lists every field.

import type { X509Certificate } from "node:crypto";
import { parseBaggage } from "../http/baggage.ts";
import type { RequestHead } from "../http/h1/request-head.ts";
import { Headers } from "../http/headers.ts";
import { usuallyHasBody } from "../http/method.ts";
import { patchPath } from "../http/path.ts";
import { cleanPath } from "../routing/clean-path.ts";
import { LookupResult, TablePin } from "../routing/reader.ts";
import type {
  AccessLogDecision,
  Body,
  BodyTransform,
  FilterContext,
  FilterRequest,
  FilterResponse,
  Span,
} from "../spec/context.ts";
import type { PredicateRequest } from "../spec/predicate.ts";
import type { ClientStream } from "./client-stream.ts";
import type { ParsedLines } from "./framing-lines.ts";
import type { RouteInstance } from "./route-instance.ts";

const noLines: ParsedLines = { special: 0, kinds: new Uint8Array(0), lineCount: 0 };
const noPrefixes: readonly number[] = [];
const accessLogOn: AccessLogDecision = { enable: true, prefixes: noPrefixes };

/** Status and headers (name, value pairs) of a response that filters cannot change any more. */
interface FixedHead {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
}

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

/** The response of a context. */
export class ContextResponse implements FilterResponse {
  status = 0;
  readonly headers = new Headers();
  canonical = true;
}

/** One executed route of a request: the outermost one, and one for each loopback. */
export class Frame {
  /** Null while the frame is not in use. */
  route: RouteInstance | null = null;
  readonly lookup = new LookupResult();
  outgoingHost = "";
  /** Filters whose request step ran, in order: the first `executed` of the route's list. */
  executed = 0;
  /** Requests that this one stands for when its filters are timed one by one; 0: they are not timed. */
  timedWeight = 0;
}

/** Who has to know when a request that it saw is over. */
export interface Lent {
  returned(): void;
}

export class RequestContext implements FilterContext {
  readonly request = new ContextRequest();
  readonly response = new ContextResponse();
  readonly pin = new TablePin();
  /** The executed routes; `depth` of them are in use. */
  readonly frames: Frame[] = [];
  depth = 0;
  /** The frame whose filters run now. */
  frame: Frame | null = null;
  hasResponse = false;
  served = false;
  body: Body = null;
  /** True when `body` takes the place of what the backend sends. */
  bodyReplaced = false;
  responseTransforms: BodyTransform[] | null = null;
  requestTransforms: BodyTransform[] | null = null;
  /** A transform of the request body may change its length. */
  requestLengthChanges = false;
  dynamicUrl = "";
  dynamicHost = "";
  dynamicScheme = "";
  backendTimeoutMs = Number.NaN;
  readTimeoutMs = Number.NaN;
  writeTimeoutMs = Number.NaN;
  hashKey = "";
  hashBalanceFactor = 0;
  backendIsProxy = false;
  fastCgiFilename = "";
  readonly span: Span | null = null;
  backendSpanName = "";
  accessLog: AccessLogDecision | null = null;
  accessLogMaskedQuery: Set<string> | null = null;
  /** True when code that is not ours has seen the context and may hold it: it serves no other request. */
  lent = false;
  #borrowers: Set<Lent> | null = null;
  #fixedHead: FixedHead | null = null;
  #stateBag: Map<string, unknown> | null = null;

  reset(head: RequestHead): void {
    this.request.start(head);
    this.depth = 0;
    this.frame = null;
    this.hasResponse = false;
    this.served = false;
    this.body = null;
    this.bodyReplaced = false;
    this.responseTransforms = null;
    this.requestTransforms = null;
    this.requestLengthChanges = false;
    this.dynamicUrl = "";
    this.dynamicHost = "";
    this.dynamicScheme = "";
    this.backendTimeoutMs = Number.NaN;
    this.readTimeoutMs = Number.NaN;
    this.writeTimeoutMs = Number.NaN;
    this.hashKey = "";
    this.hashBalanceFactor = 0;
    this.backendIsProxy = false;
    this.fastCgiFilename = "";
    this.backendSpanName = "";
    this.accessLog = null;
    this.accessLogMaskedQuery = null;
    this.#fixedHead = null;
    this.#stateBag = null;
  }

  /** Lets go of routes and bodies between requests, so that an idle connection holds nothing. */
  release(): void {
    for (let i = 0; i < this.depth; i++) this.frames[i]!.route = null;
    this.depth = 0;
    this.frame = null;
    this.body = null;
    this.responseTransforms = null;
    this.requestTransforms = null;
    this.#stateBag = null;
    this.pin.release();
    if (this.lent) this.#takeBack();
  }

  /** Notes that `borrower` sees this request; false when it did before. */
  lend(borrower: Lent): boolean {
    this.lent = true;
    this.#borrowers ??= new Set();
    if (this.#borrowers.has(borrower)) return false;
    this.#borrowers.add(borrower);
    return true;
  }

  #takeBack(): void {
    const borrowers = this.#borrowers;
    this.#borrowers = null;
    if (borrowers !== null) for (const borrower of borrowers) borrower.returned();
  }

  /** The frame for the next lookup. */
  nextFrame(): Frame {
    let frame = this.frames[this.depth];
    if (frame === undefined) {
      frame = new Frame();
      this.frames.push(frame);
    }
    return frame;
  }

  /** Begins the execution of the route that was looked up with `frame`. */
  enter(frame: Frame, route: RouteInstance): void {
    frame.route = route;
    frame.executed = 0;
    frame.timedWeight = 0;
    frame.outgoingHost = "";
    this.depth++;
    this.frame = frame;
  }

  get routeId(): string {
    return this.frame?.route?.id ?? "";
  }

  get outgoingHost(): string {
    return this.frame!.outgoingHost;
  }

  set outgoingHost(host: string) {
    this.frame!.outgoingHost = host;
  }

  get backendHost(): string {
    return this.frame!.route!.backendHost;
  }

  get backendScheme(): string {
    return this.frame!.route!.backend.target?.scheme ?? "";
  }

  get stateBag(): Map<string, unknown> {
    return (this.#stateBag ??= new Map());
  }

  /** The state bag when a filter made one. */
  get stateBagOrNull(): ReadonlyMap<string, unknown> | null {
    return this.#stateBag;
  }

  /** Parameters of inner routes override those of outer ones; the outer route keeps its own in its response phase. */
  pathParam(name: string): string {
    for (let i = this.frames.indexOf(this.frame!); i >= 0; i--) {
      const frame = this.frames[i]!;
      const value = frame.route!.pathParam(frame.lookup, name);
      if (value !== undefined) return value;
    }
    return "";
  }

  serve(status: number, headers: readonly (readonly [string, string])[], body: Body): void {
    this.served = true;
    this.response.status = status;
    this.#setHeaders(headers);
    this.replaceResponseBody(body);
  }

  fixResponseHead(status: number, headers: readonly (readonly [string, string])[]): void {
    this.#fixedHead ??= { status, headers };
  }

  /** Puts the head that a filter has fixed in place of what the filters to its left made. */
  applyFixedHead(): void {
    const fixed = this.#fixedHead;
    if (fixed === null) return;
    this.response.status = fixed.status;
    this.#setHeaders(fixed.headers);
  }

  #setHeaders(headers: readonly (readonly [string, string])[]): void {
    this.response.canonical = true;
    this.response.headers.clear();
    for (const [name, value] of headers) this.response.headers.append(name, value);
  }

  /** A response without body and headers: 404 of a shunt without a serving filter, 0 in place of a backend's for the debug listener. */
  respondEmpty(status: number): void {
    this.response.status = status;
    this.response.canonical = true;
    this.response.headers.clear();
    this.body = "";
    this.bodyReplaced = true;
  }

  /** What filters decided about the access log; null: as the flags say. */
  get accessLogDecision(): AccessLogDecision | null {
    return this.accessLog === null && this.accessLogMaskedQuery !== null ? accessLogOn : this.accessLog;
  }

  replaceResponseBody(body: Body): void {
    this.body = body;
    this.bodyReplaced = true;
    this.responseTransforms = null;
  }

  transformResponseBody(transform: BodyTransform): void {
    (this.responseTransforms ??= []).push(transform);
  }

  transformRequestBody(transform: BodyTransform): void {
    (this.requestTransforms ??= []).push(transform);
    if (transform.keepsLength === true) return;
    this.requestLengthChanges = true;
    // What a transform makes of an empty body may have a length (spec filters 7.4).
    if (usuallyHasBody(this.request.method)) this.request.hasBody = true;
  }
}
