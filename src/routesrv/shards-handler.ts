// The addresses of Redis or Valkey shards (spec routesrv 5): those of the endpoints of one Service, as JSON.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { ServerMetrics } from "./server-metrics.ts";

export interface ShardSource {
  readonly path: string;
  /** Key of the gauge that shows how many there are. */
  readonly gauge: string;
  readonly port: number;
  /** Sorted, without port. */
  addresses(): readonly string[];
}

export function serveShards(
  source: ShardSource,
  metrics: ServerMetrics,
  request: IncomingMessage,
  response: ServerResponse,
): void {
  if (request.method !== "GET") {
    response.writeHead(405, { "Content-Length": 0 }).end();
    return;
  }
  const endpoints = source.addresses().map((address) => ({ address: withPort(address, source.port) }));
  metrics.gauge(source.gauge, endpoints.length);
  const body = JSON.stringify({ endpoints });
  response.writeHead(200, { "Content-Type": "application/json", "Content-Length": Buffer.byteLength(body) }).end(body);
}

function withPort(address: string, port: number): string {
  return address.includes(":") ? `[${address}]:${port}` : `${address}:${port}`;
}
