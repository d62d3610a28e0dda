// `/routes` of the support listener: the active table or the refused routes, page by page (spec route-sources 7). It asks the table
// for small batches and writes them as the client reads, so that a listing of 800,000 routes needs no memory of its size.

import type { IncomingMessage, ServerResponse } from "node:http";
import { invalidRoutesToJson, routesToJson } from "../eskip/json.ts";
import { compact, type PrintOptions, pretty, printRoutes } from "../eskip/printer.ts";
import type { Route } from "../eskip/route.ts";
import type { RoutingTable } from "../routing/table.ts";
import type { InvalidRoute } from "../routing/table-transaction.ts";
import { answer, answerParts } from "./answer.ts";

/** The part of the routing table that is listed. */
export type ListedTable = Pick<RoutingTable, "count" | "builtAtMs" | "page" | "invalid">;

/** Where the routes of a remote source come from, and when that was certain. */
export interface TableOrigin {
  readonly sources: readonly string[];
  /** Since the source was last known to have this table. */
  readonly seconds: number;
}

const defaultLimit = 1024;
const batchSize = 1024;

/** The handler of `/routes` and of everything below it; `origin` null: there is no remote source. */
export function serveRoutes(
  table: ListedTable,
  origin: (() => TableOrigin) | null = null,
): (request: IncomingMessage, response: ServerResponse) => Promise<void> {
  return async (request, response) => {
    const { method, url = "" } = request;
    if (method !== "GET" && method !== "HEAD") return answer(response, 405, {});
    const query = new URLSearchParams(url.includes("?") ? url.slice(url.indexOf("?") + 1) : "");
    const builtAt = String(Math.floor(table.builtAtMs / 1000));
    const timestamp = query.get("timestamp") ?? "";
    if (timestamp !== "" && timestamp !== builtAt) return refuse(response, "invalid timestamp");

    const json = request.headers.accept?.includes("application/json") ?? false;
    const invalid = query.get("invalid") === "true";
    const refused = invalid ? table.invalid() : [];
    const headers = {
      "X-Timestamp": builtAt,
      "X-Count": String(invalid ? refused.length : table.count),
      "Content-Type": json ? "application/json" : "text/plain",
      ...(origin === null ? {} : originHeaders(origin())),
    };
    if (method === "HEAD") return void response.writeHead(200, headers).end();

    const offset = wholeNumber(query.get("offset"), 0);
    if (offset < 0) return refuse(response, "invalid offset");
    const limit = wholeNumber(query.get("limit"), defaultLimit);
    if (limit < 0) return refuse(response, "invalid limit");
    const noPretty = query.get("nopretty");
    const layout = noPretty !== null && noPretty !== "0" && noPretty !== "false" ? compact : pretty;
    if (!invalid) {
      const end = Math.min(offset + limit, table.count);
      return answerParts(response, headers, pageParts(response, table, offset, end, json ? null : layout));
    }
    const page = refused.slice(offset, offset + limit);
    const printed = json ? invalidJson(page) : { text: printInvalid(page, layout), error: "" };
    if (printed.error !== "") return failJson(response, printed.error);
    await answerParts(response, headers, [printed.text]);
  };
}

function originHeaders({ sources, seconds }: TableOrigin): Record<string, string> {
  return { "X-Routes-Source": sources.join(", "), "X-Routes-Age": String(Math.floor(seconds)) };
}

/** The routes from `offset` to `end` in batches; `layout` null: as JSON. */
function* pageParts(
  response: ServerResponse,
  table: ListedTable,
  offset: number,
  end: number,
  layout: PrintOptions | null,
): Generator<string> {
  const alone = end - offset === 1;
  let before = layout === null ? "[" : "";
  for (let at = offset; at < end; at += batchSize) {
    const routes = table.page(at, Math.min(batchSize, end - at));
    if (routes.length === 0) break;
    const json = layout === null ? routesToJson(routes, true) : null;
    if (json !== null && json.error !== "") return failJson(response, json.error);
    yield before + (json?.text.slice(1, -1) ?? printBatch(routes, layout!, alone));
    before = layout === null ? "," : layout.pretty ? "\n\n" : "\n";
  }
  if (layout === null) yield before === "[" ? "[]\n" : "]\n";
}

/** A route without id is printed bare only when it stands alone on its page. */
function printBatch(routes: readonly Route[], layout: PrintOptions, alone: boolean): string {
  const bare = routes.length === 1 && routes[0]!.id === "" && !alone;
  return bare ? `: ${printRoutes(routes, layout)};` : printRoutes(routes, layout);
}

function printInvalid(page: readonly InvalidRoute[], layout: PrintOptions): string {
  return printRoutes(
    page.map(({ route }) => route),
    layout,
  );
}

function invalidJson(page: readonly InvalidRoute[]): { text: string; error: string } {
  const { text, error } = invalidRoutesToJson(page.map(({ route, problem }) => ({ route, error: problem.text })));
  return { text: `${text}\n`, error };
}

/** JSON knows no infinity: the whole output fails (spec eskip 9.1), as a break when a part of it has left. */
function failJson(response: ServerResponse, message: string): void {
  if (response.headersSent) response.destroy();
  else answer(response, 500, plainText, `${message}\n`);
}

const plainText = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };

function refuse(response: ServerResponse, message: string): void {
  answer(response, 400, plainText, `${message}\n`);
}

/** A query parameter; -1 when it is no whole number of at most 63 bits. */
function wholeNumber(text: string | null, absent: number): number {
  if (text === null || text === "") return absent;
  if (!/^\+?[0-9]+$/.test(text) || BigInt(text) > maxInt64) return -1;
  return Number(text);
}

const maxInt64 = 2n ** 63n - 1n;
