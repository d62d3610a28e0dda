// The common part of tee, Tee and teenf: a request filter that sends a copy of the request to a shadow server (spec filters 9.4).

import { outgoingTarget } from "../../http/path.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";
import type { CompiledRegexp } from "../../util/regexp.ts";
import type { Expansion } from "../../util/regexp-expansion.ts";
import { BodyCopy } from "./body-copy.ts";
import type { ShadowRequest } from "./shadow-call.ts";
import { ShadowClient, type ShadowClientOptions } from "./shadow-client.ts";
import type { ShadowTarget } from "./shadow-url.ts";

const MARKER = "X-Skipper-Shadow-Traffic";
/** In the state bag: the marker that the request carries is our own, from a tee filter before this one. */
const MARKED = "tee:marked";
const LOOP_STATUS = 465;
const LOOP_TEXT = "Skipper Shadow Traffic Loop detected";
const loopHeaders = [
  ["Content-Type", "text/plain; charset=utf-8"],
  ["Content-Length", String(LOOP_TEXT.length)],
] as const;

/** Stay with the connection that the request came by, or are written anew. */
const NOT_COPIED = new Set([
  "Connection",
  "Content-Length",
  "Host",
  "Keep-Alive",
  "Proxy-Authenticate",
  "Proxy-Authorization",
  "Proxy-Connection",
  "Te",
  "Trailer",
  "Transfer-Encoding",
  "Upgrade",
  MARKER,
]);

/** What is wrong with the arguments as a whole, or "". */
export function checkPathChange(pattern: CompiledRegexp | undefined, expansion: Expansion | undefined): string {
  return pattern !== undefined && expansion === undefined ? "expected 1 or 3 arguments, got 2" : "";
}

export function teeFilter(
  options: ShadowClientOptions,
  env: FilterEnv,
  target: ShadowTarget,
  pattern: CompiledRegexp | undefined,
  expansion: Expansion | undefined,
): Filter {
  const changePath = (path: string): string =>
    pattern === undefined || expansion === undefined ? path : pattern.replaceAll(path, expansion);
  return {
    request(ctx) {
      const { headers } = ctx.request;
      if ((headers.get(MARKER) ?? "") !== "" && !ctx.stateBag.has(MARKED)) {
        ctx.serve(LOOP_STATUS, loopHeaders, LOOP_TEXT);
        return;
      }
      const client = ShadowClient.of(options, env);
      const copy = copyOf(ctx, target, changePath(ctx.request.path));
      if (copy.bodyLength === 0) client.send(copy, null);
      else
        ctx.transformRequestBody(
          new BodyCopy(
            env,
            (body) => client.send(copy, body),
            () => client.dropped(),
          ),
        );
      headers.set(MARKER, ctx.outgoingHost);
      ctx.stateBag.set(MARKED, true);
    },
  };
}

function copyOf(ctx: FilterContext, target: ShadowTarget, path: string): ShadowRequest {
  const { request } = ctx;
  const headers: string[] = [];
  request.headers.forEach((name, value) => {
    if (!NOT_COPIED.has(name)) headers.push(name, value);
  });
  headers.push(MARKER, target.host);
  return {
    target,
    method: request.method,
    path: outgoingTarget(path, request.rawPath, request.rawQuery !== "", request.rawQuery, request.patched),
    headers,
    bodyLength: ctx.requestBodyLength,
  };
}
