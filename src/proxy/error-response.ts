// The response of a request that the proxy itself failed (spec proxy 12): status, its reason phrase as body, nothing of the backend.

import { statusText } from "../http/status.ts";
import type { ProxyError } from "./proxy-error.ts";
import type { RequestContext } from "./request-context.ts";

/** Puts the response for `error` into the context, in place of whatever is there. */
export function serveError(ctx: RequestContext, error: ProxyError): void {
  const body = `${statusText(error.status)}\n`;
  ctx.serve(error.status, error.headers, body);
  const headers = ctx.response.headers;
  headers.set("Content-Type", "text/plain; charset=utf-8");
  headers.set("X-Content-Type-Options", "nosniff");
  headers.set("Content-Length", String(body.length));
  headers.set("Server", "Skipper");
}
