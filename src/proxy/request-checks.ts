// Hot path. What is done with a request before the lookup, in the order of spec matching 2.3: refusals that need no route, then
// the host and the headers that routing sees.

import type { RequestHead } from "../http/h1/request-head.ts";
import { KIND } from "../http/h1/tables.ts";
import { decodePath } from "../http/path.ts";
import { ASTERISK_FORM, OPAQUE_FORM } from "../http/target.ts";
import { isValidQuery, unescapeQuery } from "../util/query.ts";
import type { ContextRequest } from "./context-request.ts";
import type { Exchange } from "./exchange.ts";
import { hideRequestLines } from "./framing-lines.ts";
import { normalizeHost } from "./normalize-host.ts";

const plainText: readonly (readonly [string, string])[] = [
  ["Content-Type", "text/plain; charset=utf-8"],
  ["X-Content-Type-Options", "nosniff"],
];

/** Fills the request of the context from the head. False when the request was answered here. */
export function checkRequest(exchange: Exchange, head: RequestHead): boolean {
  const { ctx, proxy } = exchange;
  const { options } = proxy;
  const request = ctx.request;
  const target = head.target;
  request.host = target.authority ?? hostOf(head);
  hideRequestLines(head, request.headers);
  if (target.form === ASTERISK_FORM) {
    exchange.refuse(200, [["Content-Length", "0"]], "");
    return false;
  }
  request.opaque = target.form === OPAQUE_FORM;
  const rawPath = target.rawPath;
  request.setTarget(rawPath, target.escaped ? decodePath(rawPath) : rawPath, target.rawQuery, target.hasQuery);
  impliedCacheControl(request);
  if (request.contentLength > options.maxContentLength)
    return refuse(exchange, 413, "Request Entity Too Large\n", plainText);
  if (
    request.hasQuery &&
    request.rawQuery !== "" &&
    (options.validateQuery || options.validateQueryLog) &&
    !isValidQuery(request.rawQuery)
  ) {
    if (options.validateQueryLog) proxy.log.info(invalidQueryText(request));
    if (options.validateQuery) return refuse(exchange, 400, "Invalid query\n", plainText);
  }
  if (options.refusePayload.length > 0 && carriesRefused(request, options.refusePayload)) {
    return refuse(exchange, 400, "Invalid request\n", [["Content-Type", "text/plain; charset=utf-8"]]);
  }
  if (options.normalizeHost) request.host = normalizeHost(request.host);
  request.receivedHost = request.host;
  if (proxy.forwarded !== null) proxy.forwarded.apply(request, exchange.client);
  if (options.patchPath && target.escaped) request.patchPath();
  return true;
}

function hostOf(head: RequestHead): string {
  if (head.hostLine < 0) return "";
  const k = head.hostLine * 4;
  return head.text.slice(head.lines[k + 2]!, head.lines[k + 3]!);
}

function refuse(
  exchange: Exchange,
  status: number,
  body: string,
  headers: readonly (readonly [string, string])[],
): false {
  exchange.refuse(status, [...headers, ["Content-Length", String(body.length)]], body);
  return false;
}

/** `Pragma: no-cache` without Cache-Control counts as `Cache-Control: no-cache` (spec matching 2.2). */
function impliedCacheControl(request: ContextRequest): void {
  if (request.headers.known(KIND.pragma) === "no-cache" && request.headers.known(KIND.cacheControl) === undefined) {
    request.headers.set("Cache-Control", "no-cache");
  }
}

function invalidQueryText(request: ContextRequest): string {
  return `Invalid query: ${request.remoteAddress}:${request.remotePort} -> ${request.host} ${request.path} ${request.method}`;
}

/** -refuse-payload: the target as received and unescaped, every header name and value (spec proxy 5). */
function carriesRefused(request: ContextRequest, texts: readonly string[]): boolean {
  const unescaped = unescapeQuery(request.target) ?? "";
  for (const text of texts) {
    if (request.target.includes(text) || unescaped.includes(text)) return true;
    let found = false;
    request.headers.forEach((name, value) => {
      if (name.includes(text) || value.includes(text)) found = true;
    });
    if (found) return true;
  }
  return false;
}
