// The module http of scripts (spec filters 13): requests of a script to others. Nothing waits for them but the script; time, body and redirects are bounded.
// Own requests over node:http and not fetch, which adds headers that a script did not ask for.

import type { IncomingMessage, OutgoingHttpHeaders } from "node:http";
import { canonicalName } from "../../http/headers.ts";
import { stringArg, tableArg } from "../../lua/arguments.ts";
import type { Library } from "../../lua/library.ts";
import type { Machine } from "../../lua/machine.ts";
import { toText } from "../../lua/operations.ts";
import { LuaTable } from "../../lua/table.ts";
import type { Value } from "../../lua/value.ts";
import { fromByteString, toByteString } from "../../util/bytes.ts";
import { DurationError, parseDuration } from "../../util/duration.ts";
import { http, https } from "../../util/lazy-builtin.ts";
import { buildQuery } from "./url-module.ts";

/** Limits of one request: time in all, bytes of the body, redirects that are followed. */
const TIMEOUT_MS = 30_000;
const MAX_BODY_BYTES = 4 << 20;
const MAX_REDIRECTS = 10;
/** Requests of one batch, and how many of them run at a time. */
const MAX_BATCH = 100;
const BATCH_WIDTH = 10;

interface Request {
  readonly method: string;
  readonly url: URL;
  readonly headers: OutgoingHttpHeaders;
  readonly body: string;
  readonly timeoutMs: number;
}

interface Answer {
  readonly message: IncomingMessage;
  readonly body: string;
  readonly url: URL;
}

function field(table: LuaTable | null, name: string): Value {
  return table === null ? undefined : table.get(name);
}

function eachText(value: Value, visit: (name: string, text: string) => void): void {
  if (!(value instanceof LuaTable)) return;
  for (let at = value.after(undefined); at > 0; at = value.after(value.keyAt(at))) {
    const name = toText(value.keyAt(at));
    const text = toText(value.valueAt(at));
    if (name !== undefined && text !== undefined) visit(name, text);
  }
}

function timeoutOf(value: Value): number {
  if (typeof value === "number" && value > 0) return Math.min(value * 1000, TIMEOUT_MS);
  if (typeof value !== "string") return TIMEOUT_MS;
  const ms = parseDuration(value);
  return ms instanceof DurationError || ms <= 0 ? TIMEOUT_MS : Math.min(ms, TIMEOUT_MS);
}

/** A request from its arguments; a string says what is wrong with them. */
function makeRequest(method: string, address: string, options: LuaTable | null): Request | string {
  if (!URL.canParse(fromByteString(address))) return `parse ${JSON.stringify(fromByteString(address))}: invalid URL`;
  const url = new URL(fromByteString(address));
  if (url.protocol !== "http:" && url.protocol !== "https:")
    return `unsupported protocol scheme "${url.protocol.slice(0, -1)}"`;
  const query = toText(field(options, "query"));
  if (query !== undefined) url.search = fromByteString(query);
  const headers: OutgoingHttpHeaders = {};
  let body = toText(field(options, "body")) ?? "";
  const form = field(options, "form");
  if (form !== undefined) {
    body = form instanceof LuaTable ? buildQuery(form) : (toText(form) ?? "");
    headers["Content-Type"] = "application/x-www-form-urlencoded";
  }
  eachText(field(options, "headers"), (name, text) => {
    headers[canonicalName(name)] = text;
  });
  const cookies: string[] = [];
  eachText(field(options, "cookies"), (name, text) => void cookies.push(`${name}=${text}`));
  if (cookies.length > 0) headers.Cookie = cookies.join("; ");
  const auth = field(options, "auth");
  if (auth instanceof LuaTable) {
    const pair = `${toText(auth.get("user")) ?? ""}:${toText(auth.get("pass")) ?? ""}`;
    headers.Authorization = `Basic ${Buffer.from(pair, "latin1").toString("base64")}`;
  }
  return { method: method.toUpperCase(), url, headers, body, timeoutMs: timeoutOf(field(options, "timeout")) };
}

function exchange(request: Request, signal: AbortSignal): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const { request: send } = request.url.protocol === "https:" ? https() : http();
    const out = send(request.url, { method: request.method, headers: request.headers, signal }, (message) => {
      const pieces: Buffer[] = [];
      let size = 0;
      message.on("data", (piece: Buffer) => {
        size += piece.length;
        if (size > MAX_BODY_BYTES) out.destroy(new Error(`the body is longer than ${MAX_BODY_BYTES} bytes`));
        else pieces.push(piece);
      });
      message.on("end", () => resolve({ message, body: Buffer.concat(pieces).toString("latin1"), url: request.url }));
      message.on("error", reject);
    });
    out.on("error", reject);
    // Length and body of a GET without one are left out.
    if (request.body === "") out.end();
    else out.end(request.body, "latin1");
  });
}

/** Follows redirects as browsers do: 307 and 308 repeat the request, the others ask with GET. */
async function follow(first: Request): Promise<Answer> {
  const signal = AbortSignal.timeout(first.timeoutMs);
  let request = first;
  for (let i = 0; ; i++) {
    const answer = await exchange(request, signal);
    const { location } = answer.message.headers;
    const status = answer.message.statusCode ?? 0;
    if (location === undefined || ![301, 302, 303, 307, 308].includes(status)) return answer;
    if (i === MAX_REDIRECTS) throw new Error(`stopped after ${MAX_REDIRECTS} redirects`);
    const url = new URL(location, request.url);
    if (url.protocol !== "http:" && url.protocol !== "https:") throw new Error(`redirect to ${url.protocol}`);
    const headers = { ...request.headers };
    if (url.host !== request.url.host) for (const name of ["Authorization", "Cookie"]) delete headers[name];
    const repeats = status === 307 || status === 308 || request.method === "GET" || request.method === "HEAD";
    if (!repeats) delete headers["Content-Type"];
    request = repeats ? { ...request, url, headers } : { ...request, url, headers, method: "GET", body: "" };
  }
}

function answerTable(m: Machine, { message, body, url }: Answer): LuaTable {
  const table = new LuaTable();
  const headers = new LuaTable();
  const cookies = new LuaTable();
  m.alloc(body.length + 1000);
  const { rawHeaders } = message;
  for (let i = 0; i + 1 < rawHeaders.length; i += 2) {
    const name = canonicalName(rawHeaders[i]!);
    m.alloc(40 + rawHeaders[i + 1]!.length);
    if (headers.get(name) === undefined) headers.set(name, rawHeaders[i + 1]!);
    if (name !== "Set-Cookie") continue;
    const [, key = "", value = ""] = /^\s*([^=;]*)=([^;]*)/.exec(rawHeaders[i + 1]!) ?? [];
    if (key !== "") cookies.set(key.trim(), value.trim());
  }
  table.set("headers", headers);
  table.set("cookies", cookies);
  table.set("status_code", message.statusCode);
  table.set("url", toByteString(url.href));
  table.set("body", body);
  table.set("body_size", body.length);
  return table;
}

async function perform(m: Machine, method: string, address: string, options: Value): Promise<Value | Value[]> {
  const request = makeRequest(method, address, options instanceof LuaTable ? options : null);
  if (typeof request === "string") return [undefined, toByteString(request)];
  let answer: Answer;
  try {
    answer = await follow(request);
  } catch (cause) {
    const { message, name } = cause as Error;
    const reason =
      name === "AbortError" || name === "TimeoutError" ? `no answer within ${request.timeoutMs} ms` : message;
    return [undefined, toByteString(`${request.method} ${request.url.href}: ${reason}`)];
  }
  return answerTable(m, answer);
}

/** The responses in the order of the requests, and the errors by the same numbers, nil when there are none. */
async function batch(m: Machine, list: LuaTable): Promise<Value[]> {
  const responses = new LuaTable();
  const errors = new LuaTable();
  let next = 1;
  const work = async (): Promise<void> => {
    while (next <= list.length) {
      const i = next++;
      const item = list.getNumber(i);
      const [method, address] = item instanceof LuaTable ? [toText(item.get(1)), toText(item.get(2))] : [];
      const result =
        method === undefined || address === undefined
          ? [undefined, "expected a table of method, url and options"]
          : await perform(m, method, address, (item as LuaTable).get(3));
      if (Array.isArray(result)) errors.set(i, result[1]);
      else responses.set(i, result);
    }
  };
  await Promise.all(Array.from({ length: BATCH_WIDTH }, work));
  return [responses, errors.size === 0 ? undefined : errors];
}

const METHODS = ["get", "delete", "head", "patch", "post", "put"];

export const httpModule: Library = {
  name: "http",
  functions: {
    ...Object.fromEntries(
      METHODS.map((method) => [method, (args: Value[], m: Machine) => perform(m, method, stringArg(args, 0), args[1])]),
    ),
    request: (args, m) => perform(m, stringArg(args, 0), stringArg(args, 1), args[2]),
    request_batch(args, m) {
      const list = tableArg(args, 0);
      if (list.length > MAX_BATCH) return [undefined, `more than ${MAX_BATCH} requests`];
      return batch(m, list);
    },
  },
};
