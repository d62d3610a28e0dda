// The parameters of a FastCGI request (spec proxy 16; RFC 3875 4.1), as byte strings.

import { outgoingTarget } from "../../http/path.ts";
import { cleanPath } from "../../routing/clean-path.ts";
import type { RequestContext } from "../request-context.ts";

/** Where the request goes, as splitBackendAddress gives it. */
export interface FastCgiAddress {
  readonly hostname: string;
  readonly port: number;
  readonly host: string;
}

const DEFAULT_SCRIPT = "index.php";
/** Headers with a parameter of their own, those of one connection, and `Proxy`. */
const LEFT_OUT = [
  "Content-Type",
  "Content-Length",
  "Host",
  "Connection",
  "Keep-Alive",
  "Proxy-Connection",
  "Transfer-Encoding",
  "Trailer",
  "Proxy",
] as const;

/** `length`: of the request body, -1 when it is not known beforehand. */
export function fastCgiParams(ctx: RequestContext, address: FastCgiAddress, length: number): Map<string, string> {
  const { request } = ctx;
  const file = scriptFile(ctx);
  const { name, port } = splitHost(ctx.outgoingHost === "" ? address.host : ctx.outgoingHost);
  const params = new Map<string, string>([
    ["REQUEST_METHOD", request.method],
    ["SERVER_PROTOCOL", "HTTP/1.1"],
    ["QUERY_STRING", request.rawQuery],
    ["REQUEST_URI", outgoingTarget(request.path, request.rawPath, request.hasQuery, request.rawQuery, request.patched)],
    ["DOCUMENT_URI", request.path],
    ["SCRIPT_FILENAME", file],
    ["SCRIPT_NAME", `/${baseName(file)}`],
    ["DOCUMENT_ROOT", directory(file)],
    ["CONTENT_TYPE", request.headers.get("Content-Type") ?? ""],
    ["REMOTE_ADDR", request.remoteAddress],
    ["REMOTE_PORT", String(request.remotePort)],
    ["SERVER_NAME", name],
    ["SERVER_PORT", port === "" ? String(address.port) : port],
    ["GATEWAY_INTERFACE", "CGI/1.1"],
    ["REDIRECT_STATUS", "200"],
    ["SERVER_SOFTWARE", "Skipper"],
  ]);
  if (length >= 0) params.set("CONTENT_LENGTH", String(length));
  addHeaders(ctx, params);
  params.set("HTTP_HOST", name);
  return params;
}

/** The script: what a filter says, else the path; its dot segments are resolved first, so that they cannot leave the root. */
function scriptFile(ctx: RequestContext): string {
  if (ctx.fastCgiFilename !== "") return ctx.fastCgiFilename;
  const path = cleanPath(ctx.request.path);
  return path === "/" || path === "" ? DEFAULT_SCRIPT : path.slice(1);
}

/**
 * `Proxy` is left out, because HTTP_PROXY steers the clients that the script uses. Of two headers that become one name, the one
 * with `-` counts: a client cannot pass for a filter by writing `X_User` for `X-User`.
 */
function addHeaders(ctx: RequestContext, params: Map<string, string>): void {
  params.set("HTTP_USER_AGENT", "");
  const { headers } = ctx.request;
  const seen = new Set<string>(LEFT_OUT);
  const ambiguous: string[] = [];
  headers.forEach((name) => {
    if (seen.has(name)) return;
    seen.add(name);
    if (name.includes("_")) ambiguous.push(name);
    else params.set(paramName(name), headers.getAll(name).join(","));
  });
  for (const name of ambiguous) {
    if (!params.has(paramName(name))) params.set(paramName(name), headers.getAll(name).join(","));
  }
}

function paramName(header: string): string {
  return `HTTP_${header.toUpperCase().replaceAll("-", "_")}`;
}

function splitHost(host: string): { name: string; port: string } {
  const colon = host.lastIndexOf(":");
  if (colon < 0 || host.endsWith("]")) return { name: host, port: "" };
  return { name: host.slice(0, colon), port: host.slice(colon + 1) };
}

function withoutSlash(file: string): string {
  return file.endsWith("/") ? file.slice(0, -1) : file;
}

function baseName(file: string): string {
  const path = withoutSlash(file);
  return path.slice(path.lastIndexOf("/") + 1);
}

/** The part before the last slash; `.` when there is none. */
function directory(file: string): string {
  const slash = file.lastIndexOf("/");
  return slash < 0 ? "." : slash === 0 ? "/" : file.slice(0, slash);
}
