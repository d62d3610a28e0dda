// Undoes the gzip that the proxy itself asked for (spec proxy 9 and 13), piece by piece as the backend sends it.

import { decoder } from "../http/content-coding.ts";
import { KIND } from "../http/h1/tables.ts";
import type { RequestMetrics } from "../observability/request-metrics.ts";
import type { RequestContext } from "./request-context.ts";

/** The client gets a compressed response as it would have been without the proxy's wish. */
export function undoGzip(ctx: RequestContext, metrics: RequestMetrics): void {
  const { headers } = ctx.response;
  if (headers.known(KIND.contentEncoding)?.toLowerCase() !== "gzip") return;
  headers.delete("Content-Encoding");
  headers.delete("Content-Length");
  metrics.uncompressed();
  ctx.transformResponseBody(decoder("gzip"));
}
