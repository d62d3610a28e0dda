// Hot path: one instance per client connection, reset for every request; nothing is allocated that no filter asks for.
// Guarded by bench P1 and P7.
//
// The one implementation of FilterContext: the state of one request from its head to its last byte. `reset` lists every field.

import { Headers } from "../http/headers.ts";
import { usuallyHasBody } from "../http/method.ts";
import { LookupResult, TablePin } from "../routing/reader.ts";
import type { AccessLogDecision, Body, BodyTransform, FilterContext, FilterResponse, Span } from "../spec/context.ts";
import { ContextRequest } from "./context-request.ts";
import { CopiedRequest } from "./copied-request.ts";
import { BackendKind, type RouteInstance } from "./route-instance.ts";

const noPrefixes: readonly number[] = [];
const accessLogOn: AccessLogDecision = { enable: true, prefixes: noPrefixes };

/** Status and headers (name, value pairs) of a response that filters cannot change any more. */
interface FixedHead {
  readonly status: number;
  readonly headers: readonly (readonly [string, string])[];
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
  /** A response filter of this route asked for another look-up: what fails in the frames after it is a response like any other. */
  reran = false;
}

export class RequestContext implements FilterContext {
  readonly request = new ContextRequest();
  readonly response = new ContextResponse();
  readonly pin = new TablePin();
  /** The executed routes; `depth` of them are in use. */
  readonly frames: Frame[] = [];
  depth = 0;
  /** Look-ups so far; those of a request that is a copy go on from those of its original. */
  lookups = 0;
  /** What this request is a copy of, null for a client's request. */
  copied: CopiedRequest | null = null;
  /** A response filter asked for another look-up. */
  rerunAsked = false;
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
  /** Routes whose response was dropped for another look-up: their filters may still have something to do at the end. */
  #droppedRoutes: RouteInstance[] | null = null;
  #fixedHead: FixedHead | null = null;
  #atEnd: (() => void)[] | null = null;
  #stateBag: Map<string, unknown> | null = null;

  reset(): void {
    this.depth = 0;
    this.lookups = 0;
    this.rerunAsked = false;
    this.copied = null;
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
    this.body = null;
    this.responseTransforms = null;
    this.requestTransforms = null;
    this.#stateBag = null;
    this.pin.release();
    if (this.#atEnd !== null) this.#end();
    const depth = this.depth;
    this.depth = 0;
    this.frame = null;
    for (let i = 0; i < depth; i++) {
      const frame = this.frames[i]!;
      const route = frame.route!;
      frame.route = null;
      route.leave();
    }
    if (this.#droppedRoutes !== null) this.#leaveDropped();
  }

  #leaveDropped(): void {
    const routes = this.#droppedRoutes!;
    this.#droppedRoutes = null;
    for (const route of routes) route.leave();
  }

  #end(): void {
    const releases = this.#atEnd!;
    this.#atEnd = null;
    for (const release of releases) release();
  }

  atEnd(release: () => void): void {
    (this.#atEnd ??= []).push(release);
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
    route.enter();
    frame.route = route;
    frame.executed = 0;
    frame.timedWeight = 0;
    frame.reran = false;
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
    return this.copied?.pathParams?.get(name) ?? "";
  }

  /** All path parameters, null when there are none. */
  pathParams(): ReadonlyMap<string, string> | null {
    const params = new Map(this.copied?.pathParams ?? []);
    for (let i = 0; i < this.depth; i++) {
      const { lookup, route } = this.frames[i]!;
      for (const name of lookup.names) {
        const value = route!.pathParam(lookup, name);
        if (value !== undefined) params.set(name, value);
      }
    }
    return params.size === 0 ? null : params;
  }

  get fromBackend(): boolean {
    return !this.served && this.frames[this.depth - 1]!.route!.backend.kind !== BackendKind.shunt;
  }

  get requestBodyLength(): number {
    if (!this.request.hasBody) return 0;
    return this.requestLengthChanges ? -1 : this.request.contentLength;
  }

  copyRequest(as: "now" | "received"): CopiedRequest {
    return new CopiedRequest(this, as === "received");
  }

  rerun(): void {
    if (!this.hasResponse) throw new Error("rerun() was called before there is a response");
    this.rerunAsked = true;
  }

  /** Forgets the response and the frames behind `frame`, for another look-up. What read the request body has done so. */
  dropResponse(frame: Frame, depth: number): void {
    for (let i = depth; i < this.depth; i++) {
      (this.#droppedRoutes ??= []).push(this.frames[i]!.route!);
      this.frames[i]!.route = null;
    }
    this.depth = depth;
    this.frame = frame;
    this.rerunAsked = false;
    this.hasResponse = false;
    this.served = false;
    this.response.status = 0;
    this.#setHeaders([]);
    this.body = null;
    this.bodyReplaced = false;
    this.responseTransforms = null;
    this.requestTransforms = null;
    this.requestLengthChanges = false;
    this.request.hasBody = this.request.contentLength !== 0;
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
