// /metrics and what lies below it on the support listener (spec observability 3, 4.1, 4.2). app/ makes the handler, listener.ts
// calls it for those paths.

import type { IncomingMessage, ServerResponse } from "node:http";
import { Readable } from "node:stream";
import { pipeline } from "node:stream/promises";
import { CODAHALE_CONTENT_TYPE, Codahale } from "../observability/codahale.ts";
import type { MetricsHub } from "../observability/metrics-hub.ts";
import { reportsRuntime } from "../observability/metrics-settings.ts";
import type { PrometheusExposition } from "../observability/prometheus.ts";
import { reportRuntime } from "../observability/runtime-reading.ts";
import { zlib } from "../util/lazy-builtin.ts";

const CODAHALE_ACCEPT = "application/codahale+json";

export interface MetricsHandler {
  (request: IncomingMessage, response: ServerResponse): void;
  /** Stops what keeps the rates of timers and the heap of this thread up to date. */
  close(): void;
}

/** The handler for the flavours of the hub's settings; `refresh` brings the hub up to date before it is printed, and never rejects. */
export function createMetricsHandler(hub: MetricsHub, refresh: () => Promise<void> = async () => {}): MetricsHandler {
  const { settings } = hub;
  const codahale = settings.codahale ? new Codahale(hub) : null;
  const scrape = settings.prometheus ? prometheusScrape(hub) : null;
  const answer = (request: IncomingMessage, response: ServerResponse): void => {
    const json = codahale !== null && (scrape === null || request.headers.accept === CODAHALE_ACCEPT);
    if (json) serveCodahale(codahale, request, response);
    else if (scrape === null) serveNotFound(response);
    else void servePrometheus(scrape, settings.compress, request, response);
  };
  const handler = (request: IncomingMessage, response: ServerResponse): void => {
    void refresh().then(() => answer(request, response));
  };
  const runtime = reportsRuntime(settings) ? reportRuntime(hub.main) : null;
  const close = (): void => {
    codahale?.close();
    runtime?.close();
  };
  return Object.assign(handler, { close });
}

function serveCodahale(codahale: Codahale, request: IncomingMessage, response: ServerResponse): void {
  if (request.method === "POST") {
    response.writeHead(405, { "Content-Length": 0 }).end();
    return;
  }
  const json = codahale.json(keyOf(request.url ?? ""));
  if (json === null) serveNotFound(response);
  else serve(response, CODAHALE_CONTENT_TYPE, json);
}

/** The part of the path after its last slash, "" for /metrics itself. */
function keyOf(url: string): string {
  const path = decoded(url.split("?", 1)[0]!);
  return path === "/metrics" ? "" : path.slice(path.lastIndexOf("/") + 1);
}

function decoded(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

async function servePrometheus(
  scrape: Scrape,
  compress: boolean,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  try {
    const { contentType, text } = await scrape();
    response.setHeader("Content-Type", contentType);
    if (compress && acceptsGzip(request.headers["accept-encoding"])) {
      response.setHeader("Content-Encoding", "gzip");
      await pipeline(Readable.from(text), zlib().createGzip(), response);
    } else await pipeline(Readable.from(text), response);
  } catch {
    // The scraper went away, or the text broke off: a connection that ends early says so.
    response.destroy();
  }
}

type Scrape = () => Promise<{ contentType: string; text: AsyncIterable<string> }>;

/** Loads the library at the first scrape. */
function prometheusScrape(hub: MetricsHub): Scrape {
  let exposition: PrometheusExposition | null = null;
  return async () => {
    const { PROMETHEUS_CONTENT_TYPE, prometheusExposition } = await import("../observability/prometheus.ts");
    exposition ??= prometheusExposition(hub);
    return { contentType: PROMETHEUS_CONTENT_TYPE, text: exposition.text() };
  };
}

function acceptsGzip(header: string | string[] | undefined): boolean {
  for (const part of String(header ?? "").split(",")) {
    const [coding = "", ...parameters] = part.split(";");
    const name = coding.trim().toLowerCase();
    if (name !== "gzip" && name !== "*") continue;
    const quality = parameters.find((parameter) => parameter.trim().toLowerCase().startsWith("q="));
    return quality === undefined || Number(quality.trim().slice(2)) > 0;
  }
  return false;
}

function serveNotFound(response: ServerResponse): void {
  response.statusCode = 404;
  response.setHeader("X-Content-Type-Options", "nosniff");
  serve(response, "text/plain; charset=utf-8", "404 page not found\n");
}

function serve(response: ServerResponse, contentType: string, body: string | Buffer): void {
  response.setHeader("Content-Type", contentType);
  response.setHeader("Content-Length", Buffer.byteLength(body));
  response.end(body);
}
