// The main listener of the Route Server: which path leads to what (spec routesrv 2), over plain HTTP, or TLS that asks for client
// certificates.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Server as TlsServer } from "node:https";
import type { SecureContextOptions, SecureVersion } from "node:tls";
import type { Logger } from "../observability/log.ts";
import { cipherOptions } from "../proxy/server-certificates.ts";
import { http, https } from "../util/lazy-builtin.ts";
import { systemErrorText } from "../util/system-error.ts";
import type { RoutesHandler } from "./routes-handler.ts";
import type { ServerMetrics } from "./server-metrics.ts";
import { type ShardSource, serveShards } from "./shards-handler.ts";

/** Reading a head, reading a request, and the wait for the next one. */
const TIMEOUT_MS = 60_000;

const limits = { headersTimeout: TIMEOUT_MS, requestTimeout: TIMEOUT_MS, keepAliveTimeout: TIMEOUT_MS };

export interface ListenerTls {
  readonly pairs: readonly { readonly cert: string; readonly key: string }[];
  /** PEM of those that may sign client certificates. */
  readonly authorities: readonly string[];
  readonly minVersion: SecureVersion;
  readonly secureCiphers: boolean;
  /** Takes a line of TLS secrets; null: they are not logged. */
  readonly keyLog: ((line: Buffer) => void) | null;
}

/** The settings of TLS with these certificates in place of those of the start. */
export function contextOf(tls: ListenerTls, pairs: ListenerTls["pairs"] = tls.pairs): SecureContextOptions {
  return {
    cert: pairs.map(({ cert }) => cert),
    key: pairs.map(({ key }) => key),
    ca: [...tls.authorities],
    minVersion: tls.minVersion,
    ...cipherOptions(tls.minVersion, tls.secureCiphers),
  };
}

export interface MainListenerOptions {
  readonly routes: RoutesHandler;
  readonly shards: readonly ShardSource[];
  readonly metrics: ServerMetrics;
  isInitialized(): boolean;
  /** Runs before every answer but those of /health; true when it has answered. Null: there are no filters. */
  readonly filter: ((request: IncomingMessage, response: ServerResponse) => Promise<boolean>) | null;
  /** Null: plain HTTP. */
  readonly tls: ListenerTls | null;
  readonly log: Logger;
}

/** A server that does not listen yet. */
export function createMainListener(given: MainListenerOptions): Server | TlsServer {
  const { filter, tls, log } = given;
  const listener = (request: IncomingMessage, response: ServerResponse): void => {
    // Said by us, so that node does not add a Keep-Alive header that tells its timeout.
    if (response.shouldKeepAlive) response.setHeader("Connection", "keep-alive");
    // Nobody reads the body of a request.
    request.resume();
    if (pathOf(request) === "/health") {
      health(response, given.isInitialized());
      return;
    }
    Promise.try(async () => {
      if (filter === null || !(await filter(request, response))) await serve(given, request, response);
    }).catch((cause: unknown) => {
      log.error(`${pathOf(request)}: ${cause instanceof Error ? cause.stack : String(cause)}`);
      response.destroy();
    });
  };
  if (tls === null) return http().createServer(limits, listener);
  const options = { ...limits, ...contextOf(tls), requestCert: true, rejectUnauthorized: true };
  const server = https().createServer(options, listener);
  if (tls.keyLog !== null) server.on("keylog", tls.keyLog);
  return server;
}

/** Resolves when the server listens; rejects with the system's words. `host` "": all addresses. */
export function listen(
  server: Server,
  { host, port }: { readonly host: string; readonly port: number },
): Promise<void> {
  return new Promise((resolve, reject) => {
    const failed = (cause: unknown): void => {
      reject(new Error(`listen tcp ${host}:${port}: bind: ${systemErrorText(cause)}`, { cause }));
    };
    server.once("error", failed);
    server.listen({ port, ...(host === "" ? {} : { host }) }, () => {
      server.off("error", failed);
      resolve();
    });
  });
}

async function serve(options: MainListenerOptions, request: IncomingMessage, response: ServerResponse): Promise<void> {
  const path = pathOf(request);
  const zone = zoneOf(path);
  const shards = options.shards.find((source) => source.path === path);
  if (zone !== null) await options.routes.serve(request, response, zone);
  else if (shards !== undefined) serveShards(shards, options.metrics, request, response);
  else message(response, 404, "404 page not found\n");
}

/** Filters may have changed it. */
function pathOf(request: IncomingMessage): string {
  return request.url!.split("?", 1)[0]!;
}

/** The zone of a path of routes, "" for none; null for other paths. */
function zoneOf(path: string): string | null {
  if (path === "/routes") return "";
  const segment = path.startsWith("/routes/") ? path.slice("/routes/".length) : "";
  if (segment === "" || segment.includes("/")) return null;
  try {
    return decodeURIComponent(segment);
  } catch {
    return segment;
  }
}

function health(response: ServerResponse, isInitialized: boolean): void {
  if (isInitialized) response.writeHead(204).end();
  else message(response, 503, "routes were not initialized yet\n");
}

function message(response: ServerResponse, status: number, text: string): void {
  response.writeHead(status, {
    "Content-Type": "text/plain; charset=utf-8",
    "X-Content-Type-Options": "nosniff",
    "Content-Length": text.length,
  });
  response.end(text);
}
