// The support listener: plain HTTP for operators, served by the main thread beside the proxy (spec observability 1). What it shows
// is given as handlers by path; everything else is 404.

import type { IncomingMessage, Server, ServerResponse } from "node:http";
import type { Logger } from "../observability/log.ts";
import { http } from "../util/lazy-builtin.ts";
import { systemErrorText } from "../util/system-error.ts";
import { answer } from "./answer.ts";

export interface SupportHandler {
  /** Answers this path and all below it, e.g. `/routes`. */
  readonly path: string;
  readonly handle: (request: IncomingMessage, response: ServerResponse) => void | Promise<void>;
}

/** A server that does not listen yet. */
export function createSupportListener(handlers: readonly SupportHandler[], log: Logger): Server {
  return http().createServer((request, response) => {
    // Said by us, so that node does not add a Keep-Alive header that tells its timeout.
    if (response.shouldKeepAlive) response.setHeader("Connection", "keep-alive");
    const path = request.url!.split("?", 1)[0]!;
    const handler = handlers.find((candidate) => isBelow(path, candidate.path));
    if (handler === undefined) return notFound(response, path);
    Promise.try(handler.handle, request, response).catch((cause: unknown) => {
      log.error(`support listener: ${path}: ${cause instanceof Error ? cause.stack : String(cause)}`);
      response.destroy();
    });
  });
}

/** Opens the server on `host:port` or `:port`; false when that failed, which is logged and stops nothing. */
export function listenSupport(server: Server, address: string, log: Logger): Promise<boolean> {
  const colon = address.lastIndexOf(":");
  const host = address.slice(0, Math.max(colon, 0)).replace(/^\[|\]$/g, "");
  const port = Number(address.slice(colon + 1));
  return new Promise((resolve) => {
    const failed = (cause: unknown): void => {
      log.error(`Failed to start supportListener on ${address}: ${systemErrorText(cause)}`);
      resolve(false);
    };
    if (colon < 0 || !(Number.isInteger(port) && port >= 0 && port <= 65_535)) {
      return failed(new Error("expected host:port"));
    }
    server.once("error", failed);
    server.listen({ port, ...(host === "" ? {} : { host }) }, () => {
      server.off("error", failed);
      resolve(true);
    });
  });
}

/** `/healthz`: 200 while the process runs. */
export const healthHandler: SupportHandler = {
  path: "/healthz",
  handle: (_request, response) => answer(response, 200, { "Content-Type": "text/plain" }, "ok"),
};

function isBelow(path: string, root: string): boolean {
  return path === root || path.startsWith(`${root}/`);
}

/** Profiles that are switched off have no text (spec observability 1). */
function notFound(response: ServerResponse, path: string): void {
  const headers = { "Content-Type": "text/plain; charset=utf-8", "X-Content-Type-Options": "nosniff" };
  if (isBelow(path, "/debug/pprof")) answer(response, 404, {});
  else answer(response, 404, headers, "404 page not found\n");
}
