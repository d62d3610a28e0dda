// What the backend of the http11 vectors answers (their key `origin_behaviour`).

import { fieldValues, type SeenRequest } from "./strict-backend.ts";

const MODIFIED = "Mon, 01 Jan 2024 00:00:00 GMT";
const ETAG = '"v1"';
const ALLOW = "GET, HEAD, POST, PUT, PATCH, OPTIONS";

/** The answer as bytes, and whether the connection stays. Carries `X-Origin-Id: <id>`. */
export function http11Answer(request: SeenRequest, id: number): { text: string; keep: boolean } {
  const values = (name: string) => fieldValues(request.fields, name);
  const { method } = request;
  const path = request.target.replace(/^https?:\/\/[^/?]*/, "").split("?")[0] || "/";
  let status = "200 OK";
  let body = "OK";
  const extra: string[] = [];
  if (["GET", "HEAD", "POST", "PUT", "PATCH"].includes(method)) {
    if (path === "/echo") body = request.fields.map(([name, value]) => `${name}: ${value}\n`).join("");
    else if (path === "/cookie") body = values("cookie").flatMap(cookies).join("");
    else if (method !== "GET" && method !== "HEAD") body = request.body;
    extra.push(`ETag: ${ETAG}`, `Last-Modified: ${MODIFIED}`);
    if ((method === "GET" || method === "HEAD") && isFresh(values)) status = "304 Not Modified";
  } else if (method === "OPTIONS") {
    status = "204 No Content";
    extra.push(`Allow: ${ALLOW}`);
  } else if (method === "DELETE" || method === "TRACE") {
    status = "405 Method Not Allowed";
    body = "no\n";
    extra.push(`Allow: ${ALLOW}`);
  } else {
    status = "501 Not Implemented";
    body = "no\n";
  }
  const options = values("connection").flatMap((value) =>
    value.split(",").map((option) => option.trim().toLowerCase()),
  );
  const keep = request.version === "1.1" ? !options.includes("close") : options.includes("keep-alive");
  const empty = /^(?:204|304)/.test(status);
  const lines = [`HTTP/1.1 ${status}`, `Date: ${new Date().toUTCString()}`, `X-Origin-Id: ${id}`, ...extra];
  if (!empty) lines.push("Content-Type: text/plain; charset=utf-8", `Content-Length: ${body.length}`);
  if (!keep) lines.push("Connection: close");
  else if (request.version === "1.0") lines.push("Connection: keep-alive");
  return { text: `${lines.join("\r\n")}\r\n\r\n${method === "HEAD" || empty ? "" : body}`, keep };
}

function cookies(value: string): string[] {
  return value.split(";").map((cookie) => `${cookie.trim()}\n`);
}

function isFresh(values: (name: string) => string[]): boolean {
  const tags = values("if-none-match").join(", ");
  if (tags !== "") return tags === "*" || tags.split(",").some((tag) => tag.trim().replace(/^W\//, "") === ETAG);
  const since = values("if-modified-since")[0];
  if (since === undefined) return false;
  const ms = Date.parse(since);
  return ms >= Date.parse(MODIFIED) && ms <= Date.now();
}
