// Hot path. The head of a backend request (spec proxy 9): what goes on, what is ours, in one string for one write.

import { requestLine } from "../http/h1/head-writer.ts";
import { KIND, VALUE } from "../http/h1/tables.ts";
import { usuallyHasBody } from "../http/method.ts";
import { outgoingTarget } from "../http/path.ts";
import type { ContextRequest } from "./context-request.ts";
import { hideConnectionLines } from "./framing-lines.ts";
import type { ProxyOptions } from "./proxy.ts";
import type { RequestContext } from "./request-context.ts";
import type { BackendTarget } from "./route-instance.ts";

/** Lines that are always written anew: framing, Host and the words of one connection (decisions: hop-by-hop headers). */
const OWN = [
  "Host",
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "Transfer-Encoding",
  "Content-Length",
  "Trailer",
] as const;
/** What -remove-hop-headers removes beyond those. */
const HOP = ["Te", "Proxy-Authenticate", "Proxy-Authorization", "Upgrade"] as const;

/** True when the proxy asks for gzip on its own account and undoes it on the way back (spec proxy 9). */
export function asksGzip(request: ContextRequest): boolean {
  const { headers } = request;
  return (
    request.method !== "HEAD" &&
    (headers.known(KIND.acceptEncoding) ?? "") === "" &&
    headers.known(KIND.range) === undefined
  );
}

/** False when a filter put bytes into the headers or the Host that would end a line, or that no header has (spec filters 3.5). */
export function canBeWritten(ctx: RequestContext): boolean {
  const host = ctx.outgoingHost;
  for (let i = 0; i < host.length; i++) if (VALUE[host.charCodeAt(i)] !== 1) return false;
  return ctx.request.headers.additionsAreLegal();
}

/** `own`: header lines of this connection, "" for what the options say. */
export function backendRequestHead(
  ctx: RequestContext,
  options: ProxyOptions,
  target: BackendTarget,
  chunked: boolean,
  gzip: boolean,
  own: string,
): string {
  const request = ctx.request;
  const headers = request.headers;
  hideConnectionLines(request.received, headers);
  for (let i = 0; i < OWN.length; i++) headers.deleteAdded(OWN[i]!);
  if (options.removeHopHeaders) for (let i = 0; i < HOP.length; i++) headers.delete(HOP[i]!);
  if (headers.known(KIND.userAgent) === "") headers.delete("User-Agent");
  const host = ctx.outgoingHost === "" ? target.host : ctx.outgoingHost;
  let text = `${requestLine(request.method, backendTarget(ctx, target, host))}Host: ${host}\r\n`;
  text += headers.serialize(request.canonical);
  if (gzip) text += "Accept-Encoding: gzip\r\n";
  if (chunked) text += "Transfer-Encoding: chunked\r\n";
  else if (request.hasBody) text += `Content-Length: ${request.contentLength}\r\n`;
  else if (usuallyHasBody(request.method)) text += "Content-Length: 0\r\n";
  if (own !== "") text += own;
  else if (!options.keepAliveBackend) text += "Connection: close\r\n";
  return `${text}\r\n`;
}

function backendTarget(ctx: RequestContext, target: BackendTarget, host: string): string {
  const request = ctx.request;
  if (request.method === "CONNECT" && request.path === "") return target.host;
  const path = outgoingTarget(request.path, request.rawPath, request.hasQuery, request.rawQuery, request.patched);
  if (!ctx.backendIsProxy) return path;
  return `${request.tls ? "https" : "http"}://${host}${path}`;
}
