// The client side of an exchange of the debug listener (spec proxy 17): stands between the exchange and its connection, collects
// what would have been sent, and answers with a report of it as JSON. Made by client-connection.ts; told of the phases by
// exchange.ts. It never calls a backend.

import type { X509Certificate } from "node:crypto";
import type { Socket } from "node:net";
import { printExpression } from "../eskip/printer.ts";
import type { Call, Route } from "../eskip/route.ts";
import { Headers } from "../http/headers.ts";
import { fromByteString } from "../util/bytes.ts";
import { type ClientStream, Framing, type RequestBodySink } from "./client-stream.ts";
import type { ProxyError } from "./proxy-error.ts";
import type { RequestContext } from "./request-context.ts";
import { BackendKind } from "./route-instance.ts";

type HeaderMap = Record<string, string[]>;

interface Message {
  readonly method: string;
  readonly uri: string;
  readonly proto: string;
  readonly header?: HeaderMap;
  readonly host?: string;
  readonly remote_address?: string;
}

/** What the listener answers; the keys are those of spec proxy 17, in its order. */
interface Report {
  route_id?: string;
  route?: string;
  incoming?: Message;
  outgoing?: Message;
  response_mod?: { status?: number; header?: HeaderMap };
  request_body?: string;
  request_error?: string;
  response_mod_body?: string;
  response_mod_error?: string;
  proxy_error?: string;
  filters?: readonly Call[];
  predicates?: readonly Call[];
}

/** These stand in `route` alone. */
const CLASSIC = ["Path", "Host", "Method", "Header", "HeaderRegexp", "PathRegexp"];

/** Bytes of a body that the report shows; the rest is read and not kept. */
const shownBodyBytes = 1_048_576;

export class DebugStream implements ClientStream {
  readonly #connection: ClientStream;
  /** Null for an answer from before the routing, which goes out as it is. */
  #report: Report | null = null;
  #isHead = false;
  #requestBytes = 0;
  readonly #requestBody: Buffer[] = [];
  readonly #responseBody: Buffer[] = [];
  #requestError = "";
  #status = 0;
  #ended = false;
  bodyBytes = 0;

  constructor(connection: ClientStream) {
    this.#connection = connection;
  }

  // ---- the phases of the exchange

  /** The request was accepted, no filter has seen it. */
  begin(ctx: RequestContext): void {
    const { request } = ctx;
    this.#requestBody.length = 0;
    this.#requestBytes = 0;
    this.#responseBody.length = 0;
    this.#requestError = "";
    this.#status = 0;
    this.#ended = false;
    this.bodyBytes = 0;
    this.#isHead = request.method === "HEAD";
    const address = request.remoteAddress;
    this.#report = {
      incoming: {
        method: request.method,
        uri: text(request.target),
        proto: request.protocol,
        ...headerField(headerMap(request.headers)),
        ...hostField(request.host),
        remote_address: `${address.includes(":") ? `[${address}]` : address}:${request.remotePort}`,
      },
    };
  }

  /** The request would go to a backend now; a loopback shows its outermost route, which has none. */
  outgoing(ctx: RequestContext): void {
    const { request } = ctx;
    if (ctx.frames[0]!.route!.backend.kind === BackendKind.loopback) return;
    const header = headerMap(request.headers);
    header["User-Agent"] ??= [""];
    this.#report!.outgoing = {
      method: request.method,
      uri: "",
      proto: "HTTP/1.1",
      header,
      ...hostField(ctx.outgoingHost),
    };
  }

  /** The response filters are done: the response in the context is what would be sent. */
  responding(ctx: RequestContext, error: ProxyError | null): void {
    const report = this.#report;
    if (report === null) return;
    if (ctx.depth > 0) describeRoute(report, ctx.frames[0]!.route!.route);
    this.#status = ctx.response.status;
    if (this.#status === 0) ctx.response.status = 200;
    if (error !== null) report.proxy_error = text(`dialing failed ${error.dialing}: ${error.message}`);
  }

  // ---- the client, as the exchange sees it

  head(status: number, headers: Headers, canonical: boolean, framing: Framing, length: number): void {
    if (this.#report === null) this.#connection.head(status, headers, canonical, framing, length);
    else this.#report.response_mod = { ...(this.#status === 0 ? {} : { status }), ...headerField(headerMap(headers)) };
  }

  write(buffer: Buffer, start: number, end: number, lasting: boolean): boolean {
    if (this.#report === null) return this.#connection.write(buffer, start, end, lasting);
    const room = shownBodyBytes - this.bodyBytes;
    if (room > 0) this.#responseBody.push(Buffer.from(buffer.subarray(start, Math.min(end, start + room))));
    this.bodyBytes += end - start;
    return true;
  }

  writeText(body: string): void {
    if (this.#report === null) this.#connection.writeText(body);
    else this.write(Buffer.from(body, "latin1"), 0, body.length, true);
  }

  skipBody(body: string | Uint8Array): void {
    if (this.#report === null) this.#connection.skipBody(body);
    else if (typeof body === "string") this.writeText(body);
    else this.write(Buffer.from(body.buffer, body.byteOffset, body.byteLength), 0, body.byteLength, true);
  }

  end(): void {
    const report = this.#report;
    const connection = this.#connection;
    this.#ended = true;
    this.#report = null;
    if (report !== null) {
      const requestBody = Buffer.concat(this.#requestBody).toString();
      const responseBody = Buffer.concat(this.#responseBody).toString();
      if (requestBody !== "") report.request_body = requestBody;
      if (this.#requestError !== "") report.request_error = this.#requestError;
      if (responseBody !== "") report.response_mod_body = responseBody;
      const json = Buffer.from(`${encode(report)}\n`);
      const headers = new Headers();
      headers.set("Content-Type", "application/json");
      connection.head(200, headers, true, this.#isHead ? Framing.none : Framing.unknown, 0);
      connection.write(json, 0, json.length, true);
    }
    connection.end();
  }

  /** A body that breaks off is part of the report; a client that is gone gets none. */
  abort(): void {
    if (this.#report === null || this.#ended || this.#report.response_mod === undefined) {
      this.#report = null;
      this.#connection.abort();
      return;
    }
    this.#report.response_mod_error = "unexpected EOF";
    this.end();
  }

  flush(): void {
    if (this.#report === null) this.#connection.flush();
  }

  startBody(sink: RequestBodySink): void {
    this.#connection.startBody({
      onRequestData: (buffer, start, end, lasting) => {
        const room = shownBodyBytes - this.#requestBytes;
        this.#requestBytes += end - start;
        if (room > 0) this.#requestBody.push(Buffer.from(buffer.subarray(start, Math.min(end, start + room))));
        return sink.onRequestData(buffer, start, end, lasting);
      },
      onRequestEnd: () => sink.onRequestEnd(),
      onRequestMalformed: () => {
        this.#requestError = "malformed chunked encoding";
        sink.onRequestMalformed();
      },
    });
  }

  resumeBody(): void {
    this.#connection.resumeBody();
  }

  dropBody(): void {
    this.#connection.dropBody();
  }

  closeAfter(): void {
    this.#connection.closeAfter();
  }

  detach(): { socket: Socket; early: Buffer } {
    return this.#connection.detach();
  }

  limitWrite(ms: number): void {
    this.#connection.limitWrite(ms);
  }

  limitRead(ms: number): void {
    this.#connection.limitRead(ms);
  }

  get secure(): boolean {
    return this.#connection.secure;
  }

  get certificates(): readonly X509Certificate[] {
    return this.#connection.certificates;
  }

  get remoteAddress(): string {
    return this.#connection.remoteAddress;
  }

  get remotePort(): number {
    return this.#connection.remotePort;
  }

  get localPort(): number {
    return this.#connection.localPort;
  }

  get bodyDone(): boolean {
    return this.#connection.bodyDone;
  }
}

function describeRoute(report: Report, route: Route): void {
  report.route_id = route.id;
  report.route = printExpression(route);
  if (route.filters.length > 0) report.filters = route.filters.map(({ name, args }) => ({ name, args }));
  const predicates = route.predicates.filter(({ name }) => !CLASSIC.includes(name));
  if (predicates.length > 0) report.predicates = predicates.map(({ name, args }) => ({ name, args }));
}

function headerMap(headers: Headers): HeaderMap {
  // Without a prototype: a header may be called `__proto__`.
  const map: HeaderMap = Object.create(null);
  headers.forEach((name, value) => {
    (map[name] ??= []).push(text(value));
  });
  return map;
}

function headerField(header: HeaderMap): { header?: HeaderMap } {
  return Object.keys(header).length === 0 ? {} : { header };
}

function hostField(host: string): { host?: string } {
  return host === "" ? {} : { host: text(host) };
}

function text(bytes: string): string {
  return fromByteString(bytes);
}

/** JSON that is harmless inside of HTML too. */
function encode(report: Report): string {
  const ordered: Report = {};
  for (const key of KEYS) if (report[key] !== undefined) Object.assign(ordered, { [key]: report[key] });
  return JSON.stringify(ordered).replace(/[<>&]/g, (c) => `\\u00${c.charCodeAt(0).toString(16)}`);
}

const KEYS = [
  "route_id",
  "route",
  "incoming",
  "outgoing",
  "response_mod",
  "request_body",
  "request_error",
  "response_mod_body",
  "response_mod_error",
  "proxy_error",
  "filters",
  "predicates",
] as const satisfies readonly (keyof Report)[];
