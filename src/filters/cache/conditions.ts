// Conditional requests that a stored response answers (RFC 9110 13.1.2 and 13.1.3, RFC 9111 4.3.2), and whether two heads are of the
// same representation.

import { parseHttpDate } from "../../http/date.ts";
import type { Headers } from "../../http/headers.ts";
import { listMembers } from "./cache-control.ts";
import { type HeaderPairs, storedValue } from "./stored-response.ts";

/** True when the client has what is stored: it gets a 304. */
export function isNotModified(request: Headers, stored: HeaderPairs): boolean {
  const wanted = request.getAll("If-None-Match");
  if (wanted.length > 0) {
    const tags = listMembers(wanted.join(","));
    if (tags.includes("*")) return true;
    const etag = storedValue(stored, "etag");
    return etag !== undefined && tags.some((tag) => opaque(tag) === opaque(etag));
  }
  const since = parseHttpDate(request.get("If-Modified-Since") ?? "");
  const modified = parseHttpDate(storedValue(stored, "last-modified") ?? "");
  return modified <= since;
}

/** Weak comparison looks at the opaque tag alone. */
function opaque(tag: string): string {
  return tag.startsWith("W/") ? tag.slice(2) : tag;
}

/** Conditions that only the backend can judge (RFC 9111 4.3.2). */
export function needsBackend(request: Headers): boolean {
  return request.has("If-Match") || request.has("If-Unmodified-Since");
}

export function isConditional(request: Headers): boolean {
  return request.has("If-None-Match") || request.has("If-Modified-Since");
}

/** True when a 304 without validators can mean nothing but what is stored: the request asked for just this. */
export function asksForStored(request: Headers, stored: HeaderPairs): boolean {
  const wanted = request.get("If-None-Match");
  if (wanted === undefined) return request.get("If-Modified-Since") === storedValue(stored, "last-modified");
  const etag = storedValue(stored, "etag");
  return etag !== undefined && opaque(wanted) === opaque(etag);
}

/** Validators and length, where both have them: what differs tells that the body is another. */
const TELLING = ["etag", "last-modified", "content-length"];

/** False when the head cannot be of the body that is stored. `mustTell`: some validator has to say that it is (for a 304). */
export function isSameBody(stored: HeaderPairs, head: Headers, mustTell: boolean): boolean {
  let told = false;
  for (const name of TELLING) {
    const value = head.get(name);
    const before = storedValue(stored, name);
    if (value === undefined || before === undefined) continue;
    if (name === "content-length" && mustTell) continue;
    if (name === "etag" ? opaque(value) !== opaque(before) : value !== before) return false;
    told = true;
  }
  return told || !mustTell;
}
