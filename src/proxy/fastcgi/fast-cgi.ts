// Between an exchange and its FastCGI call: what goes into the call, and what its answer puts into the context. Called by forward.ts.

import { splitBackendAddress } from "../../eskip/url.ts";
import type { ResponseHead } from "../../http/h1/response-parser.ts";
import type { Exchange } from "../exchange.ts";
import { removeResponseFraming } from "../framing-lines.ts";
import type { BackendTarget } from "../route-instance.ts";
import { FastCgiCall, type FastCgiOwner } from "./fast-cgi-call.ts";
import { type FastCgiAddress, fastCgiParams } from "./params.ts";

/** `length`: of the request body, -1 when it is not known beforehand. */
export function startFastCgi(
  owner: FastCgiOwner,
  exchange: Exchange,
  target: BackendTarget,
  length: number,
): FastCgiCall {
  const { ctx, proxy } = exchange;
  // A target is made of an address that was split before.
  const address = splitBackendAddress(`fastcgi://${target.host}`) as FastCgiAddress;
  proxy.metrics.outgoing("HTTP/1.1");
  const call = new FastCgiCall(owner, address, fastCgiParams(ctx, address, length), {
    connectTimeoutMs: proxy.pools.options.connectTimeoutMs,
    responseTimeoutMs: proxy.options.responseHeaderTimeoutMs,
  });
  if (!ctx.request.hasBody) call.end();
  return call;
}

/** Makes the answer the response of the exchange; `head` null: the application has no such script. Gives the status. */
export function takeFastCgiAnswer(exchange: Exchange, head: ResponseHead | null, body: Buffer): number {
  const { ctx } = exchange;
  const { response } = ctx;
  response.status = head === null ? 404 : head.status;
  response.canonical = head === null || head.canonical;
  if (head === null) response.headers.clear();
  else {
    response.headers.reset(head.text, head.lines, head.lineCount, head.kinds, head.special);
    removeResponseFraming(head, response.headers);
  }
  ctx.replaceResponseBody(body);
  return response.status;
}
