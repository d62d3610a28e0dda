// A copy of a request that goes through the routing table by itself (FilterEnv.routeCopy): what it needs, taken from the context of
// the original at one moment, so that nothing of the original's connection is looked at later.

import type { X509Certificate } from "node:crypto";
import { Headers } from "../http/headers.ts";
import { decodePath } from "../http/path.ts";
import { TablePin } from "../routing/reader.ts";
import type { RequestCopy } from "../spec/context.ts";
import type { RequestContext } from "./request-context.ts";

/** Lines that belong to one connection or tell the framing: a copy has its own. */
const CONNECTION_LINES = new Set([
  "Connection",
  "Content-Length",
  "Expect",
  "Host",
  "Keep-Alive",
  "Proxy-Connection",
  "Trailer",
  "Transfer-Encoding",
]);

const noCertificates: readonly X509Certificate[] = [];

export class CopiedRequest implements RequestCopy {
  method: string;
  readonly headers = new Headers();
  /** As it came in, before the first route; else as it was when it was copied. */
  readonly received: boolean;
  readonly target: string;
  readonly protocol: string;
  readonly host: string;
  readonly rawPath: string;
  readonly path: string;
  readonly rawQuery: string;
  readonly hasQuery: boolean;
  readonly patched: boolean;
  readonly opaque: boolean;
  /** The original asks for another protocol on its connection. */
  readonly upgrade: boolean;
  /** Length of the original's body, -1 when it is not known. */
  readonly bodyLength: number;
  readonly remoteAddress: string;
  readonly remotePort: number;
  readonly localPort: number;
  readonly tls: boolean;
  readonly certificates: readonly X509Certificate[];
  /** The route that the original began with, and its look-ups so far. */
  readonly routeId: string;
  readonly lookups: number;
  /** The table of the original, empty for a request as received. */
  readonly pin = new TablePin();
  readonly pathParams: ReadonlyMap<string, string> | null;

  constructor(ctx: RequestContext, received: boolean) {
    const { request } = ctx;
    const client = request.client!;
    this.received = received;
    this.method = received ? request.receivedMethod : request.method;
    this.target = request.target;
    this.protocol = request.protocol;
    this.host = received ? request.receivedHost : request.host;
    this.rawPath = request.rawPath;
    this.path = received ? decodePath(request.rawPath) : request.path;
    const question = request.target.indexOf("?");
    this.rawQuery = !received ? request.rawQuery : question < 0 ? "" : request.target.slice(question + 1);
    this.hasQuery = received ? question >= 0 : request.hasQuery;
    this.patched = !received && request.patched;
    this.opaque = request.opaque;
    this.upgrade = request.upgrade;
    this.bodyLength = ctx.requestBodyLength;
    this.remoteAddress = request.remoteAddress;
    this.remotePort = request.remotePort;
    this.localPort = client.localPort;
    this.tls = request.tls;
    this.certificates = request.tls ? client.certificates : noCertificates;
    this.routeId = ctx.frames[0]?.route?.id ?? ctx.copied?.routeId ?? "";
    this.lookups = received ? 0 : ctx.lookups;
    this.pathParams = received ? null : ctx.pathParams();
    if (!received) {
      this.pin.generation = ctx.pin.generation;
      this.pin.version = ctx.pin.version;
    }
    const add = (name: string, value: string): void => {
      if (!CONNECTION_LINES.has(name)) this.headers.append(name, value);
    };
    if (received) request.headers.forEachReceived(add);
    else request.headers.forEach(add);
  }
}
