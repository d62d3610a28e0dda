// Conditional requests for a resource with a strong entity tag and a time of its last change (RFC 9110 13.1 and 13.2.2). Pure: headers
// in, what to answer out.

import type { IncomingHttpHeaders } from "node:http";

/** What a resource is at the moment. */
export interface Validators {
  /** With its quotes. */
  readonly etag: string;
  /** Milliseconds since 1970, whole seconds. */
  readonly lastModifiedMs: number;
}

/** `proceed`: as without a condition. For GET and HEAD. */
export function checkConditions(headers: IncomingHttpHeaders, present: Validators): "proceed" | 304 | 412 {
  const { "if-match": ifMatch, "if-none-match": ifNoneMatch } = headers;
  if (ifMatch !== undefined) {
    if (!readTags(ifMatch).some(({ tag, isWeak }) => tag === "*" || (!isWeak && tag === present.etag))) return 412;
  } else {
    const since = readDate(headers["if-unmodified-since"]);
    if (since !== null && present.lastModifiedMs > since) return 412;
  }
  if (ifNoneMatch !== undefined) {
    return readTags(ifNoneMatch).some(({ tag }) => tag === "*" || tag === present.etag) ? 304 : "proceed";
  }
  const since = readDate(headers["if-modified-since"]);
  return since !== null && present.lastModifiedMs <= since ? 304 : "proceed";
}

/** Whether a Range counts: without If-Range, or when it names what the resource is now (RFC 9110 13.1.5). */
export function rangeApplies(ifRange: string | undefined, present: Validators): boolean {
  if (ifRange === undefined) return true;
  const value = ifRange.trim();
  if (value.startsWith('"')) return value === present.etag;
  return !value.startsWith("W/") && readDate(value) === present.lastModifiedMs;
}

export interface EntityTag {
  /** With its quotes, or `*`. */
  readonly tag: string;
  readonly isWeak: boolean;
}

/** The tags of a list, up to the first place where it is malformed. */
export function readTags(list: string): EntityTag[] {
  const tags: EntityTag[] = [];
  for (let at = 0; at < list.length; ) {
    const c = list[at];
    if (c === " " || c === "\t" || c === ",") {
      at++;
      continue;
    }
    if (c === "*") {
      tags.push({ tag: "*", isWeak: false });
      at++;
      continue;
    }
    const isWeak = list.startsWith("W/", at);
    const start = isWeak ? at + 2 : at;
    const end = list[start] === '"' ? list.indexOf('"', start + 1) : -1;
    if (end < 0) break;
    tags.push({ tag: list.slice(start, end + 1), isWeak });
    at = end + 1;
  }
  return tags;
}

/** Milliseconds since 1970; null when there is no date. */
function readDate(text: string | undefined): number | null {
  const ms = text === undefined ? Number.NaN : Date.parse(text);
  return Number.isNaN(ms) ? null : ms;
}
