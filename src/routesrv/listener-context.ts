// What a filter of -route-server-filters sees: a request of the main listener (spec routesrv 6). There is no routing around it, so what
// filters tell a proxy (backends, limits, spans) has no effect.

import type { X509Certificate } from "node:crypto";
import type { IncomingMessage } from "node:http";
import { parseBaggage } from "../http/baggage.ts";
import { Headers } from "../http/headers.ts";
import { decodePath, encodePath, patchPath } from "../http/path.ts";
import { peerCertificates } from "../proxy/peer-certificates.ts";
import type {
  AccessLogDecision,
  Body,
  BodyTransform,
  FilterContext,
  FilterRequest,
  FilterResponse,
  RequestCopy,
  Span,
} from "../spec/context.ts";

type HeaderList = readonly (readonly [string, string])[];

class ListenerRequest implements FilterRequest {
  method: string;
  readonly target: string;
  readonly protocol: string;
  host: string;
  path: string;
  readonly rawPath: string;
  rawQuery: string;
  readonly headers = new Headers();
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly tls: boolean;
  patched = false;
  readonly contentLength: number;
  readonly #message: IncomingMessage;
  #certificates: readonly X509Certificate[] | null = null;

  constructor(message: IncomingMessage) {
    const { socket, rawHeaders } = message;
    const target = message.url ?? "/";
    const question = target.indexOf("?");
    this.#message = message;
    this.method = message.method ?? "GET";
    this.target = target;
    this.protocol = `HTTP/${message.httpVersion}`;
    this.rawPath = question < 0 ? target : target.slice(0, question);
    this.path = decodePath(this.rawPath);
    this.rawQuery = question < 0 ? "" : target.slice(question + 1);
    this.remoteAddress = socket.remoteAddress ?? "";
    this.remotePort = socket.remotePort ?? 0;
    this.tls = "encrypted" in socket;
    const isChunked = message.headers["transfer-encoding"] !== undefined;
    this.contentLength = isChunked ? -1 : Number(message.headers["content-length"] ?? 0);
    for (let i = 0; i + 1 < rawHeaders.length; i += 2) this.headers.append(rawHeaders[i]!, rawHeaders[i + 1]!);
    this.host = this.headers.get("Host") ?? "";
    this.headers.delete("Host");
  }

  get clientCertificates(): readonly X509Certificate[] {
    this.#certificates ??= peerCertificates(this.#message.socket);
    return this.#certificates;
  }

  patchPath(): void {
    this.path = patchPath(this.path, this.rawPath);
    this.patched = true;
  }

  baggage(): ReadonlyMap<string, string> | null {
    return this.headers.has("baggage") ? parseBaggage(this.headers.getAll("baggage")) : null;
  }

  /** Puts what filters changed back into the message. */
  writeBack(): void {
    const message = this.#message;
    message.method = this.method;
    const query = this.rawQuery === "" ? "" : `?${this.rawQuery}`;
    message.url = `${this.path === decodePath(this.rawPath) ? this.rawPath : encodePath(this.path)}${query}`;
    for (const name of Object.keys(message.headers)) if (!this.headers.has(name)) delete message.headers[name];
    this.headers.forEach((name) => {
      message.headers[name.toLowerCase()] = this.headers.getAll(name).join(", ");
    });
  }
}

export class ListenerContext implements FilterContext {
  readonly request: ListenerRequest;
  readonly response: FilterResponse = { status: 200, headers: new Headers() };
  readonly span: Span | null = null;
  backendSpanName = "";
  readonly routeId = "";
  outgoingHost = "";
  readonly backendHost = "";
  readonly backendScheme = "";
  readonly stateBag = new Map<string, unknown>();
  hasResponse = false;
  served = false;
  readonly fromBackend = false;
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
  accessLog: AccessLogDecision | null = null;
  accessLogMaskedQuery: Set<string> | null = null;
  #body: Body = null;
  #transforms: BodyTransform[] = [];
  #fixedHead: (() => void) | null = null;
  readonly #releases: (() => void)[] = [];

  constructor(message: IncomingMessage) {
    this.request = new ListenerRequest(message);
  }

  pathParam(): string {
    return "";
  }

  serve(status: number, headers: HeaderList, body: Body): void {
    this.served = true;
    this.#respond(status, headers);
    this.replaceResponseBody(body);
  }

  fixResponseHead(status: number, headers: HeaderList): void {
    this.#fixedHead ??= () => this.#respond(status, headers);
  }

  replaceResponseBody(body: Body): void {
    this.#body = body;
    this.#transforms = [];
  }

  transformResponseBody(transform: BodyTransform): void {
    this.#transforms.push(transform);
  }

  /** Nobody reads the body of a request. */
  transformRequestBody(): void {}

  get requestBodyLength(): number {
    return this.request.contentLength;
  }

  /** There is no routing that could give another answer. */
  rerun(): void {}

  copyRequest(): RequestCopy {
    return { method: this.request.method, headers: this.request.headers.clone() };
  }

  atEnd(release: () => void): void {
    this.#releases.push(release);
  }

  /** The answer has left, or nobody takes it any more. */
  release(): void {
    for (const release of this.#releases.splice(0)) release();
  }

  /** Behind the last filter. */
  finish(): void {
    this.#fixedHead?.();
  }

  /** The body that filters served, in pieces. */
  body(): AsyncIterable<Uint8Array> {
    return this.#transforms.reduce(through, pieces(this.#body));
  }

  #respond(status: number, headers: HeaderList): void {
    this.response.status = status;
    this.response.headers.clear();
    for (const [name, value] of headers) this.response.headers.append(name, value);
  }
}

async function* pieces(body: Body): AsyncGenerator<Uint8Array> {
  if (body === null) return;
  if (typeof body === "string") yield Buffer.from(body, "latin1");
  else if (body instanceof Uint8Array) yield body;
  else yield* body;
}

async function* through(source: AsyncIterable<Uint8Array>, transform: BodyTransform): AsyncGenerator<Uint8Array> {
  for await (const piece of source) yield* transformed(transform.write(piece));
  yield* transformed(transform.end());
}

async function* transformed(result: ReturnType<BodyTransform["write"]>): AsyncGenerator<Uint8Array> {
  if (result !== null && Symbol.asyncIterator in result) yield* result;
  else {
    const piece = await result;
    if (piece !== null) yield piece;
  }
}
