// Hot path. What is written down about a request: metrics, access log, error lines. Called at the boundaries of the phases.

import { AccessLogRecord } from "../observability/access-log.ts";
import { formatDuration } from "../util/duration.ts";
import type { Exchange } from "./exchange.ts";
import type { ProxyError } from "./proxy-error.ts";
import { BackendKind } from "./route-instance.ts";

/** One record a worker: filled and written at once. */
const line = new AccessLogRecord();

const kindNames: readonly string[] = ["network", "lb", "shunt", "loopback", "dynamic", "network"];

export const record = {
  /** The response head of the backend arrived. */
  backendAnswered(exchange: Exchange, status: number): void {
    const { ctx, forward } = exchange;
    const route = ctx.frame!.route!;
    const now = performance.now();
    const seconds = (now - exchange.backendMs) / 1000;
    exchange.filtersMs = now;
    const balancer = route.backend.balancer;
    route.metrics.backend(seconds, status, balancer === null ? "" : balancer.zone(forward.endpoint));
    if (balancer === null) return;
    balancer.answered(forward.endpoint);
    forward.endpoint = -1;
  },

  /** The first attempt failed before a response head arrived. */
  backendFailed(exchange: Exchange): void {
    endpointFailed(exchange);
    exchange.ctx.frame!.route!.metrics.backendError();
  },

  /** The second attempt failed as well: the client gets a status from 500 on. */
  retryFailed(exchange: Exchange): void {
    endpointFailed(exchange);
    exchange.proxy.metrics.retryFailed((performance.now() - exchange.backendMs) / 1000);
  },

  /** The client went away before the backend answered. */
  backendCanceled(exchange: Exchange): void {
    const { ctx, forward } = exchange;
    ctx.frame!.route!.backend.balancer?.canceled(forward.endpoint);
    forward.endpoint = -1;
  },

  /** The body of the backend broke off. */
  streamingFailed(exchange: Exchange, message: string): void {
    const { ctx, proxy } = exchange;
    ctx.frame!.route!.metrics.streamError();
    proxy.log.debug(`error while copying the response stream: ${message}`);
  },

  /** The line of a failed request (spec proxy 19). */
  error(exchange: Exchange, error: ProxyError): void {
    const { ctx, proxy } = exchange;
    const request = ctx.request;
    const route = ctx.depth === 0 ? null : ctx.frames[0]!.route;
    if (route === null && ctx.copied === null) {
      proxy.log.debug(`could not find a route for ${request.target}`);
      return;
    }
    if (error.message === "") return;
    const what = error.status === 499 ? "client canceled" : "error while proxying";
    const target = exchange.forward.target;
    const address = target === null ? "://" : `${target.scheme}://${target.host}`;
    const flowId = request.headers.get("X-Flow-Id");
    const inner = error.status !== 499 && (exchange.reran || ctx.copied !== null);
    const text =
      `${inner ? "context: failed to execute loopback request: " : ""}${what} after ${formatDuration(performance.now() - exchange.startedMs)}, route ${route?.id ?? ctx.copied!.routeId} with backend ` +
      `${kindNames[route?.backend.kind ?? BackendKind.loopback]!} ${address}${flowId === undefined ? "" : `, flow id ${flowId}`}, status code ${error.status}: ` +
      `dialing failed ${error.dialing}: ${error.message}, remote host: ${request.headers.get("X-Forwarded-For") ?? request.remoteAddress}, ` +
      `request: "${request.method} ${withoutQuery(request.target)} ${request.protocol}", host: ${request.host}, ` +
      `user agent: "${request.headers.get("User-Agent") ?? ""}"`;
    if (error.status !== 499) proxy.log.error(text);
    else if (proxy.options.accessLog && ctx.copied === null) proxy.log.info(text);
    else proxy.log.debug(text);
  },

  /** The response is complete, or broke off. */
  served(exchange: Exchange, complete: boolean): void {
    const { ctx, proxy, client } = exchange;
    const { request, response } = ctx;
    // An attempt that nobody reported has failed, like an upgrade whose answer was not HTTP.
    if (exchange.forward.endpoint >= 0) record.backendFailed(exchange);
    const metrics = ctx.depth === 0 ? proxy.metrics.noRoute : ctx.frames[0]!.route!.metrics;
    const now = performance.now();
    if (complete)
      metrics.response(
        (now - exchange.sendingMs) / 1000,
        response.status,
        request.method,
        request.host,
        client.bodyBytes,
      );
    metrics.serve((now - exchange.startedMs) / 1000, response.status, request.method, request.host);
    proxy.metrics.own(exchange.ownRequestMs / 1000, exchange.ownResponseMs / 1000);
    const status = exchange.debug === null ? response.status : 0;
    if (!proxy.accessLog.wants(exchange.ctx.accessLogDecision, status)) return;
    writeLine(exchange, status, client.bodyBytes, now - exchange.startedMs);
  },

  /** A tunnel ended: status 0, no size (spec proxy 15). */
  tunnel(exchange: Exchange): void {
    if (exchange.proxy.accessLog.wants(exchange.ctx.accessLogDecision, 0)) {
      writeLine(exchange, 0, 0, performance.now() - exchange.startedMs);
    }
  },
};

function endpointFailed({ ctx, forward }: Exchange): void {
  ctx.frame!.route!.backend.balancer?.failed(forward.endpoint);
  forward.endpoint = -1;
}

function writeLine(exchange: Exchange, status: number, size: number, durationMs: number): void {
  const { ctx, proxy } = exchange;
  const request = ctx.request;
  const headers = request.headers;
  line.remoteAddress = request.remoteAddress;
  line.forwardedFor = headers.get("X-Forwarded-For") ?? "";
  const bag = ctx.stateBagOrNull;
  const user = bag?.get("auth-user");
  line.authUser = typeof user === "string" ? user : "";
  line.arrivalMs = Date.now() - durationMs;
  line.method = request.receivedMethod;
  line.target = request.target;
  line.protocol = request.protocol;
  line.status = status;
  line.sizeBytes = size;
  line.referer = headers.get("Referer") ?? "";
  line.userAgent = headers.get("User-Agent") ?? "";
  line.durationMs = durationMs;
  line.host = request.receivedHost;
  line.flowId = headers.get("X-Flow-Id") ?? "";
  line.audit = headers.get("X-Unverified-Audit") ?? "";
  line.maskedQuery = ctx.accessLogMaskedQuery;
  const additional = bag?.get("statebag:access_log:additional");
  line.additional = additional instanceof Map ? Object.fromEntries(additional) : null;
  proxy.accessLog.write(line);
}

function withoutQuery(target: string): string {
  const question = target.indexOf("?");
  return question < 0 ? target : target.slice(0, question);
}
