// How long a response may be reused (RFC 9111 4.2) and how old it is. Pure: times are milliseconds since 1970.

import { parseHttpDate } from "../../http/date.ts";
import type { Headers } from "../../http/headers.ts";
import { type Directives, deltaSeconds } from "./cache-control.ts";
import type { StoredResponse } from "./stored-response.ts";

/** Lifetimes that a route sets: cache() with arguments. Milliseconds. */
export interface ForcedLifetimes {
  readonly ttlMs: number;
  readonly errorTtlMs: number;
}

/** Statuses that may be kept without being told how long (RFC 9110 15.1). */
const HEURISTIC = new Set([200, 203, 204, 300, 301, 308, 404, 405, 410, 414, 501]);
const HEURISTIC_SHARE = 0.1;

/** Milliseconds that a response is fresh; NaN when it may not be stored for want of a lifetime. */
export function lifetimeMs(
  status: number,
  headers: Headers,
  directives: Directives,
  responseMs: number,
  forced: ForcedLifetimes | null,
): number {
  if (forced !== null) {
    const ms =
      status === 200
        ? forced.ttlMs
        : status === 404 || (status >= 500 && status < 600)
          ? forced.errorTtlMs
          : Number.NaN;
    return directives.noCache && !Number.isNaN(ms) ? 0 : ms;
  }
  const ms = 1000 * explicitSeconds(status, headers, directives, responseMs);
  // No lifetime, and yet something to store: it is validated by HEAD, and served when the backend fails.
  return directives.noCache ? 0 : ms;
}

function explicitSeconds(status: number, headers: Headers, directives: Directives, responseMs: number): number {
  if (!Number.isNaN(directives.sMaxage)) return directives.sMaxage;
  if (!Number.isNaN(directives.maxAge)) return directives.maxAge;
  const dateMs = dateOf(headers, responseMs);
  const expires = headers.get("Expires");
  if (expires !== undefined) {
    const expiresMs = parseHttpDate(expires);
    return Number.isNaN(expiresMs) ? 0 : Math.max(0, (expiresMs - dateMs) / 1000);
  }
  const modifiedMs = parseHttpDate(headers.get("Last-Modified") ?? "");
  if (Number.isNaN(modifiedMs) || !(HEURISTIC.has(status) || directives.public)) return Number.NaN;
  return Math.max(0, ((dateMs - modifiedMs) / 1000) * HEURISTIC_SHARE);
}

/** Date, or the arrival when there is no valid one. */
function dateOf(headers: Headers, responseMs: number): number {
  const dateMs = parseHttpDate(headers.get("Date") ?? "");
  return Number.isNaN(dateMs) ? responseMs : dateMs;
}

/** The corrected initial age of RFC 9111 4.2.3, in seconds. */
export function initialAge(headers: Headers, requestMs: number, responseMs: number): number {
  const arrived = Math.floor(responseMs / 1000);
  const apparent = Math.max(0, arrived - Math.floor(dateOf(headers, responseMs) / 1000));
  const delay = Math.floor(Math.max(0, responseMs - requestMs) / 1000);
  return Math.max(apparent, deltaSeconds(headers.get("Age")?.split(",")[0]?.trim() ?? null) + delay);
}

/** Age in whole seconds. */
export function ageSeconds(stored: StoredResponse, nowMs: number): number {
  return stored.initialAgeS + Math.floor(Math.max(0, nowMs - stored.responseMs) / 1000);
}

/** Milliseconds that it stays fresh; negative: for so long it has been stale. */
export function remainingMs(stored: StoredResponse, nowMs: number): number {
  const resident = Math.max(0, nowMs - stored.responseMs);
  return stored.lifetimeMs - resident - (stored.isForced ? 0 : stored.initialAgeS * 1000);
}

/** Whether a stored response is fresh enough for the request with these directives. */
export function isFreshFor(stored: StoredResponse, request: Directives, nowMs: number): boolean {
  const left = remainingMs(stored, nowMs);
  if (left <= 0) return false;
  if (!Number.isNaN(request.minFresh) && left < request.minFresh * 1000) return false;
  return Number.isNaN(request.maxAge) || ageSeconds(stored, nowMs) <= request.maxAge;
}

/** Whether it may be served stale while it is refreshed, for up to `staleMs` after its lifetime. */
export function isUsableStale(stored: StoredResponse, request: Directives, staleMs: number, nowMs: number): boolean {
  const stale = -remainingMs(stored, nowMs);
  if (stored.neverStale || stale > staleMs || !Number.isNaN(request.minFresh)) return false;
  if (!Number.isNaN(request.maxAge) && ageSeconds(stored, nowMs) > request.maxAge) return false;
  return Number.isNaN(request.maxStale) || stale <= request.maxStale * 1000;
}
