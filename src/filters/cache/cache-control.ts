// The directives of Cache-Control (RFC 9111 5.2), of requests and responses alike: those that the cache filter obeys.

import type { Headers } from "../../http/headers.ts";

/** Seconds; NaN when a directive is not there. */
export interface Directives {
  noStore: boolean;
  noCache: boolean;
  private: boolean;
  public: boolean;
  mustRevalidate: boolean;
  proxyRevalidate: boolean;
  mustUnderstand: boolean;
  onlyIfCached: boolean;
  maxAge: number;
  sMaxage: number;
  minFresh: number;
  /** Infinity when it has no value. */
  maxStale: number;
}

/** What is larger counts as this (RFC 9111 1.2.2). */
const MAX_SECONDS = 2 ** 31;

/** The directives of all Cache-Control lines; of one that stands twice the first counts. */
export function parseCacheControl(headers: Headers): Directives {
  const found: Directives = {
    noStore: false,
    noCache: false,
    private: false,
    public: false,
    mustRevalidate: false,
    proxyRevalidate: false,
    mustUnderstand: false,
    onlyIfCached: false,
    maxAge: Number.NaN,
    sMaxage: Number.NaN,
    minFresh: Number.NaN,
    maxStale: Number.NaN,
  };
  if (headers.has("Cache-Control")) {
    for (const member of listMembers(headers.getAll("Cache-Control").join(","))) note(found, member);
  }
  return found;
}

function note(found: Directives, member: string): void {
  const equals = member.indexOf("=");
  const value = equals < 0 ? null : unquoted(member.slice(equals + 1).trim());
  switch ((equals < 0 ? member : member.slice(0, equals)).trim().toLowerCase()) {
    case "no-store":
      found.noStore = true;
      break;
    case "no-cache":
      // With field names too: what is said of some fields is kept for the whole response (5.2.2.4 allows it).
      found.noCache = true;
      break;
    case "private":
      found.private = true;
      break;
    case "public":
      found.public = true;
      break;
    case "must-revalidate":
      found.mustRevalidate = true;
      break;
    case "proxy-revalidate":
      found.proxyRevalidate = true;
      break;
    case "must-understand":
      found.mustUnderstand = true;
      break;
    case "only-if-cached":
      found.onlyIfCached = true;
      break;
    case "max-age":
      if (Number.isNaN(found.maxAge)) found.maxAge = deltaSeconds(value);
      break;
    case "s-maxage":
      if (Number.isNaN(found.sMaxage)) found.sMaxage = deltaSeconds(value);
      break;
    case "min-fresh":
      if (Number.isNaN(found.minFresh)) found.minFresh = deltaSeconds(value);
      break;
    case "max-stale":
      if (Number.isNaN(found.maxStale))
        found.maxStale = value === null ? Number.POSITIVE_INFINITY : deltaSeconds(value);
      break;
  }
}

/** A number of seconds; what is none counts as 0, so that nothing is reused by mistake (RFC 9111 4.2.1). */
export function deltaSeconds(text: string | null): number {
  return text !== null && /^\d+$/.test(text) ? Math.min(Number(text), MAX_SECONDS) : 0;
}

function unquoted(text: string): string {
  return text.length >= 2 && text[0] === '"' && text.endsWith('"') ? text.slice(1, -1) : text;
}

/** The members of a comma list, trimmed; a comma within quotes does not end one. */
export function listMembers(text: string): string[] {
  const members: string[] = [];
  let from = 0;
  let isQuoted = false;
  for (let i = 0; i <= text.length; i++) {
    const c = text[i];
    if (c === '"') isQuoted = !isQuoted;
    else if (isQuoted && c === "\\") i++;
    else if (c === undefined || (c === "," && !isQuoted)) {
      const member = text.slice(from, i).trim();
      if (member !== "") members.push(member);
      from = i + 1;
    }
  }
  return members;
}
