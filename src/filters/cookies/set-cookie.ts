// Set-Cookie lines: written by responseCookie and jsCookie, read and rewritten by dropResponseCookie (spec filters 10, RFC 6265
// 4.1 and 5.2).

import { isToken, trimBlanks } from "../../http/cookies.ts";
import { parseCookieDate } from "./cookie-date.ts";

export interface SetCookie {
  readonly name: string;
  /** As it stands behind the `=`, with its quotes. */
  readonly value: string;
  readonly path: string;
  /** Without leading dot, "" for none. */
  readonly domain: string;
  /** As an HTTP date, "" for none. */
  readonly expires: string;
  /** Seconds, null for none; below 1 is written as 0. */
  readonly maxAge: number | null;
  readonly httpOnly: boolean;
  readonly secure: boolean;
  /** `Lax`, `Strict`, `None`, or "" for none. */
  readonly sameSite: string;
  readonly partitioned: boolean;
}

/** The line of a cookie in normal form. */
export function formatSetCookie(cookie: SetCookie): string {
  let out = `${cookie.name}=${quoted(cookie.value)}`;
  if (cookie.path !== "") out += `; Path=${cookie.path}`;
  if (isDomainName(cookie.domain)) out += `; Domain=${cookie.domain}`;
  if (cookie.expires !== "") out += `; Expires=${cookie.expires}`;
  if (cookie.maxAge !== null) out += `; Max-Age=${Math.max(cookie.maxAge, 0)}`;
  if (cookie.httpOnly) out += "; HttpOnly";
  if (cookie.secure) out += "; Secure";
  if (cookie.sameSite !== "") out += `; SameSite=${cookie.sameSite}`;
  if (cookie.partitioned) out += "; Partitioned";
  return out;
}

/** A value with a blank or comma stands in quotes. */
function quoted(value: string): string {
  return /^[^"].*[ ,]|^[ ,]/.test(value) ? `"${value}"` : value;
}

/** Reads a line; undefined when it has no valid name. Unknown attributes are skipped. */
export function parseSetCookie(line: string): SetCookie | undefined {
  const parts = line.split(";");
  const [name, value] = splitPair(parts[0]!);
  if (!isToken(name) || value === undefined) return undefined;
  let path = "";
  let domain = "";
  let expires = "";
  let maxAge: number | null = null;
  let httpOnly = false;
  let secure = false;
  let sameSite = "";
  let partitioned = false;
  for (let i = 1; i < parts.length; i++) {
    const [attribute, given] = splitPair(parts[i]!);
    const text = given ?? "";
    switch (attribute.toLowerCase()) {
      case "path":
        path = text;
        break;
      case "domain":
        domain = text.startsWith(".") ? text.slice(1) : text;
        break;
      case "expires":
        expires = httpDate(text);
        break;
      case "max-age":
        maxAge = seconds(text) ?? maxAge;
        break;
      case "httponly":
        httpOnly = true;
        break;
      case "secure":
        secure = true;
        break;
      case "samesite":
        sameSite = SAME_SITE[text.toLowerCase()] ?? "";
        break;
      case "partitioned":
        partitioned = true;
        break;
    }
  }
  return { name, value, path, domain, expires, maxAge, httpOnly, secure, sameSite, partitioned };
}

/** Name and value around the first `=`, both trimmed; the value is undefined without one. */
function splitPair(text: string): [name: string, value: string | undefined] {
  const equals = text.indexOf("=");
  if (equals < 0) return [trimBlanks(text), undefined];
  return [trimBlanks(text.slice(0, equals)), trimBlanks(text.slice(equals + 1))];
}

const SAME_SITE: Readonly<Record<string, string>> = { lax: "Lax", strict: "Strict", none: "None" };

/** The date as it is written today, "" when the text is none. */
function httpDate(text: string): string {
  const ms = parseCookieDate(text);
  return ms === null ? "" : new Date(ms).toUTCString();
}

function seconds(text: string): number | null {
  return /^-?\d{1,15}$/.test(text) ? Number(text) : null;
}

/** A domain name of letters, digits and dashes with at least one letter, so no IP address (RFC 1034 3.5). */
export function isDomainName(text: string): boolean {
  if (text.length === 0 || text.length > 255) return false;
  let hasLetter = false;
  let labelStart = 0;
  for (let i = 0; i <= text.length; i++) {
    const c = i < text.length ? text.charCodeAt(i) : 46;
    if (c === 46) {
      const length = i - labelStart;
      if (length === 0 || length > 63 || text[labelStart] === "-" || text[i - 1] === "-") return false;
      labelStart = i + 1;
      continue;
    }
    const letter = c | 0x20;
    if (letter >= 97 && letter <= 122) hasLetter = true;
    else if (!((c >= 48 && c <= 57) || c === 45)) return false;
  }
  return hasLetter;
}
