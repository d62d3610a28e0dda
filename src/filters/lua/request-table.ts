// ctx.request and ctx.response as a script sees them (spec filters 13).

import { cookieValue, parseCookies } from "../../http/cookies.ts";
import { outgoingPath } from "../../http/path.ts";
import { parseUrlReference } from "../../http/url-reference.ts";
import { toText } from "../../lua/operations.ts";
import type { LuaTable } from "../../lua/table.ts";
import { Failure, type Value } from "../../lua/value.ts";
import type { FilterContext } from "../../spec/context.ts";
import { deleteQueryValue, escapeUnsendable, firstQueryValue, parseQuery, setQueryValue } from "../../util/query.ts";
import { answeringTable, headerTable, iterator } from "./header-table.ts";

/** First values by name. */
function firstValues(pairs: readonly (readonly [string, string])[]): [string, string][] {
  const first = new Map<string, string>();
  for (const [name, value] of pairs) if (!first.has(name)) first.set(name, value);
  return [...first];
}

function cookieTable(context: () => FilterContext): LuaTable {
  return answeringTable({
    __index: (args) => cookieValue(context().request.headers, toText(args[1]) ?? ""),
    __newindex() {
      throw new Failure("setting cookie is not supported");
    },
    __call: () => iterator(parseCookies(context().request.headers)),
  });
}

function queryTable(context: () => FilterContext): LuaTable {
  return answeringTable({
    __index: (args) => firstQueryValue(context().request.rawQuery, toText(args[1]) ?? ""),
    __newindex(args) {
      const { request } = context();
      const name = toText(args[1]) ?? "";
      const value = toText(args[2]) ?? "";
      request.rawQuery =
        value === "" ? deleteQueryValue(request.rawQuery, name) : setQueryValue(request.rawQuery, name, value);
      return [];
    },
    __call: () => iterator(firstValues(parseQuery(context().request.rawQuery))),
  });
}

/** Path and query as they go to the backend. */
function urlText(ctx: FilterContext): string {
  const { path, rawPath, rawQuery } = ctx.request;
  return outgoingPath(path, rawPath, false) + (rawQuery === "" ? "" : `?${rawQuery}`);
}

function remoteAddress(ctx: FilterContext): string {
  const { remoteAddress: address, remotePort } = ctx.request;
  return `${address.includes(":") ? `[${address}]` : address}:${remotePort}`;
}

const READ: Readonly<Record<string, (ctx: FilterContext) => Value>> = {
  url_raw_query: (ctx) => ctx.request.rawQuery,
  url_path: (ctx) => ctx.request.path,
  url: urlText,
  outgoing_host: (ctx) => ctx.outgoingHost,
  method: (ctx) => ctx.request.method,
  host: (ctx) => ctx.request.host,
  proto: (ctx) => ctx.request.protocol,
  remote_addr: remoteAddress,
  content_length: (ctx) => ctx.request.contentLength,
  backend_url: (ctx) => (ctx.backendScheme === "" ? "" : `${ctx.backendScheme}://${ctx.backendHost}`),
};

const WRITE: Readonly<Record<string, (ctx: FilterContext, text: string) => void>> = {
  url_raw_query(ctx, text) {
    ctx.request.rawQuery = escapeUnsendable(text);
  },
  url_path(ctx, text) {
    ctx.request.path = text;
  },
  url(ctx, text) {
    const url = parseUrlReference(text);
    if (url === undefined) return;
    ctx.request.path = url.path;
    ctx.request.rawQuery = url.query;
  },
  outgoing_host(ctx, text) {
    ctx.outgoingHost = text;
  },
};

export function requestTable(context: () => FilterContext): LuaTable {
  const tables = new Map<Value, LuaTable>([
    ["header", headerTable(() => context().request.headers)],
    ["cookie", cookieTable(context)],
    ["url_query", queryTable(context)],
  ]);
  return answeringTable({
    __index(args) {
      const key = args[1];
      if (typeof key !== "string") return undefined;
      const table = tables.get(key);
      if (table !== undefined) return table;
      return Object.hasOwn(READ, key) ? READ[key]!(context()) : undefined;
    },
    __newindex(args) {
      const [, key, value] = args;
      const text = toText(value);
      if (typeof key === "string" && text !== undefined && Object.hasOwn(WRITE, key)) WRITE[key]!(context(), text);
      return [];
    },
  });
}

export function responseTable(context: () => FilterContext): LuaTable {
  const header = headerTable(() => context().response.headers);
  return answeringTable({
    __index(args) {
      const key = args[1];
      if (key === "header") return header;
      return key === "status_code" ? context().response.status : undefined;
    },
    __newindex(args) {
      const [, key, value] = args;
      if (key !== "status_code") throw new Failure(`unsupported response field ${toText(key) ?? ""}`);
      if (typeof value !== "number") throw new Failure("unsupported status_code type, need a number");
      context().response.status = Math.trunc(value);
      return [];
    },
  });
}
