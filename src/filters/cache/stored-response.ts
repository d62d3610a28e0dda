// What the cache filter keeps under a key: a response without its body, or, where responses vary, the request headers that decide.
// The store knows it as a text.

import type { Headers } from "../../http/headers.ts";

export type HeaderPairs = readonly (readonly [string, string])[];

export interface StoredResponse {
  readonly kind: "response";
  readonly status: number;
  /** As they are served, but for Age and X-Cache-Status. */
  readonly headers: HeaderPairs;
  /** When the request was sent and the response came, milliseconds since 1970. */
  readonly requestMs: number;
  readonly responseMs: number;
  /** Its age when it came: the corrected initial age of RFC 9111 4.2.3, in seconds. */
  readonly initialAgeS: number;
  /** How long it is fresh; 0: never. */
  readonly lifetimeMs: number;
  /** The lifetime was set by the route and counts from `responseMs`, whatever age the response had. */
  readonly isForced: boolean;
  /** The backend forbids to serve it stale (RFC 9111 4.2.4). */
  readonly neverStale: boolean;
}

export interface StoredVariants {
  readonly kind: "variants";
  /** Names of request headers in lower case, sorted. */
  readonly names: readonly string[];
  /** Tells the variants of this entry from those of earlier ones under the same key. */
  readonly nonce: string;
}

export function encodeStored(stored: StoredResponse | StoredVariants): string {
  return JSON.stringify(stored);
}

export function decodeStored(head: string): StoredResponse | StoredVariants {
  return JSON.parse(head);
}

/** What another proxy wrote, or null when it is not what `encodeStored` gives. Nothing in it is trusted. */
export function readShared(head: string): StoredResponse | StoredVariants | null {
  let value: Partial<StoredResponse> | Partial<StoredVariants> | null;
  try {
    value = JSON.parse(head);
  } catch {
    return null;
  }
  if (typeof value !== "object" || value === null) return null;
  if (value.kind === "variants") {
    const { names, nonce } = value;
    const isWhole =
      Array.isArray(names) && names.every((name) => typeof name === "string") && typeof nonce === "string";
    return isWhole ? (value as StoredVariants) : null;
  }
  return value.kind === "response" && isWholeResponse(value) ? value : null;
}

function isWholeResponse(value: Partial<StoredResponse>): value is StoredResponse {
  const { status, headers, requestMs, responseMs, initialAgeS, lifetimeMs, isForced, neverStale } = value;
  const areNumbers = [status, requestMs, responseMs, initialAgeS, lifetimeMs].every(Number.isFinite);
  if (!areNumbers || !Number.isInteger(status) || status! < 200 || status! > 999) return false;
  if (typeof isForced !== "boolean" || typeof neverStale !== "boolean" || !Array.isArray(headers)) return false;
  return headers.every(isHeaderPair);
}

function isHeaderPair(pair: unknown): boolean {
  if (!Array.isArray(pair) || pair.length !== 2) return false;
  const [name, value] = pair;
  return typeof name === "string" && NAME.test(name) && typeof value === "string" && VALUE.test(value);
}

/** What may stand in a header line. */
const NAME = /^[!#$%&'*+.^_`|~0-9A-Za-z-]+$/;
const VALUE = /^[\t\x20-\x7e\x80-\xff]*$/;

/** Not of the response but of a connection (RFC 9111 3.1), or written anew for each answer. */
const NOT_STORED = new Set([
  "age",
  "connection",
  "keep-alive",
  "proxy-authenticate",
  "proxy-authentication-info",
  "proxy-authorization",
  "proxy-connection",
  "te",
  "trailer",
  "trailers",
  "transfer-encoding",
  "upgrade",
  "x-cache-status",
]);

/** What an update must leave as it is: it belongs to the body that is stored. */
const OF_THE_BODY = new Set(["content-length", "content-range", "content-encoding"]);

/** The lines of a response that are kept. One without Date gets that of its arrival (RFC 9110 6.6.1). */
export function storedHeaders(headers: Headers, responseMs: number): HeaderPairs {
  const dropped = new Set(connectionNames(headers));
  const pairs: [string, string][] = [];
  headers.forEach((name, value) => {
    const lower = name.toLowerCase();
    if (!NOT_STORED.has(lower) && !dropped.has(lower)) pairs.push([name, value]);
  });
  if (!headers.has("Date")) pairs.push(["Date", new Date(responseMs).toUTCString()]);
  return pairs;
}

/** Stored lines with those of a newer head in place of the ones with their names (RFC 9111 3.2). */
export function mergedHeaders(stored: HeaderPairs, headers: Headers, responseMs: number): HeaderPairs {
  const fresh = storedHeaders(headers, responseMs).filter(([name]) => !OF_THE_BODY.has(name.toLowerCase()));
  const replaced = new Set(fresh.map(([name]) => name.toLowerCase()));
  return [...stored.filter(([name]) => !replaced.has(name.toLowerCase())), ...fresh];
}

/** The names in Connection, in lower case: also as the backend sent it, for the proxy has taken that line away. */
function connectionNames(headers: Headers): string[] {
  const values = headers.getAll("Connection");
  headers.forEachReceived((name, value) => {
    if (name === "Connection") values.push(value);
  });
  return values
    .join(",")
    .split(",")
    .map((name) => name.trim().toLowerCase());
}

/** The first value of a name in lower case, undefined when there is none. */
export function storedValue(headers: HeaderPairs, name: string): string | undefined {
  return headers.find(([candidate]) => candidate.toLowerCase() === name)?.[1];
}
