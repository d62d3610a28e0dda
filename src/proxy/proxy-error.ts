// A request that failed: what it is called, the status the client gets, and where it went wrong. Made once, without a stack; the
// exchange alone turns it into a response, a metric and a log line (spec proxy 12).

import { BackendFailure } from "../backends/backend-failure.ts";
import { BodyBlocked } from "../spec/context.ts";
import { formatDuration } from "../util/duration.ts";

export interface ProxyError {
  readonly status: number;
  /** Text for the log line; "" for failures that are not logged. */
  readonly message: string;
  /** True when nothing was sent because no connection came about. */
  readonly dialing: boolean;
  /** Extra headers of the response. */
  readonly headers: readonly (readonly [string, string])[];
}

const none: readonly never[] = [];

function proxyError(status: number, message: string, headers: ProxyError["headers"] = none): ProxyError {
  return { status, message, dialing: false, headers };
}

export const clientGone: ProxyError = proxyError(499, "context canceled");
export const malformedBody: ProxyError = proxyError(400, "malformed chunked encoding");
/** What a transform of the request body threw: the body was blocked, or could not be changed to its end. */
export function bodyError(error: unknown): ProxyError {
  return proxyError(error instanceof BodyBlocked ? 400 : 500, error instanceof Error ? error.message : String(error));
}

/** A second backend call would need the body that the first one took. */
export const bodyConsumed: ProxyError = proxyError(503, "the request body has been consumed");
/** A filter of a plugin waited for longer than -plugin-timeout allows. */
export class FilterTimeout extends Error {
  constructor(filter: string, limitMs: number) {
    super(`filter ${filter} waited for longer than ${formatDuration(limitMs)} (-plugin-timeout)`);
  }
}

export const filterPanic: ProxyError = proxyError(500, "");
/** Logged by the panic log. */
export const filterDeadline: ProxyError = proxyError(504, "");
export const backendDeadline: ProxyError = proxyError(504, "context deadline exceeded");

/** No route matched, at the outermost execution or (with the id of its route) in a loopback. */
export function noRoute(status: number): ProxyError {
  return proxyError(status, "route lookup failed");
}

export function loopLimit(routeId: string): ProxyError {
  return proxyError(500, `max loopbacks reached after route ${routeId}`);
}

export function unsupportedScheme(scheme: string): ProxyError {
  return proxyError(500, `unsupported protocol scheme "${scheme}"`);
}

export function opaqueTarget(target: string): ProxyError {
  return proxyError(500, `request target ${JSON.stringify(target)} has no path`);
}

/** A filter made a header of the backend request that cannot be written (spec filters 3.5). */
export const illegalHeader: ProxyError = proxyError(500, "invalid header field name or value in the backend request");

/** Status by kind of failure, as in the table of spec proxy 12. */
export function backendError(failure: BackendFailure, message: string): ProxyError {
  switch (failure) {
    case BackendFailure.connect:
      return { status: 502, message, dialing: true, headers: none };
    case BackendFailure.ambiguous:
      return { status: 502, message, dialing: false, headers: none };
    case BackendFailure.tls:
      return { status: 500, message, dialing: false, headers: none };
    case BackendFailure.tlsTimeout:
    case BackendFailure.timeout:
      return { status: 504, message, dialing: false, headers: none };
    case BackendFailure.network:
      return { status: 503, message, dialing: false, headers: none };
    default:
      return { status: 500, message, dialing: false, headers: none };
  }
}
