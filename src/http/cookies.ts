// Cookies of a request (spec predicates 6 Cookie). Used by the Cookie and Traffic predicates, by templates and by filters.
// Pairs that are not well formed are skipped alone; nothing is decoded.

import type { Headers } from "./headers.ts";

/** With more pairs than this over all lines a request counts as having no cookies. */
export const MAX_COOKIES = 3000;

/** The value of the first valid cookie of that name without surrounding quotes; undefined when there is none. */
export function cookieValue(headers: Headers, name: string): string | undefined {
  if (name === "" || !headers.has("Cookie")) return undefined;
  const lines = headers.getAll("Cookie");
  if (hasTooManyPairs(lines)) return undefined;
  for (const line of lines) {
    const value = cookieOfLine(line, name);
    if (value !== undefined) return value;
  }
  return undefined;
}

/** All valid cookies in order as name and value. */
export function parseCookies(headers: Headers): [name: string, value: string][] {
  const cookies: [string, string][] = [];
  if (!headers.has("Cookie")) return cookies;
  const lines = headers.getAll("Cookie");
  if (hasTooManyPairs(lines)) return cookies;
  for (const line of lines) {
    for (const pair of line.split(";")) {
      const equals = pair.indexOf("=");
      const name = trimBlanks(equals < 0 ? pair : pair.slice(0, equals));
      const value = pairValue(pair, equals);
      if (isToken(name) && value !== undefined) cookies.push([name, value]);
    }
  }
  return cookies;
}

function cookieOfLine(line: string, name: string): string | undefined {
  let at = -1;
  for (let start = 0; start <= line.length; ) {
    let end = line.indexOf(";", start);
    if (end < 0) end = line.length;
    // Most pairs do not hold the name at all: they are not looked at.
    if (at < start) at = line.indexOf(name, start);
    if (at < 0) return undefined;
    if (at < end) {
      const pair = line.slice(start, end);
      const equals = pair.indexOf("=");
      if (trimBlanks(equals < 0 ? pair : pair.slice(0, equals)) === name && isToken(name)) {
        const value = pairValue(pair, equals);
        if (value !== undefined) return value;
      }
    }
    start = end + 1;
  }
  return undefined;
}

/** The value of a pair, its `=` at `equals` (-1: none), without surrounding quotes; undefined when it holds a byte that is not allowed. */
export function pairValue(pair: string, equals: number): string | undefined {
  if (equals < 0) return "";
  let start = equals + 1;
  let end = pair.length;
  while (end > start && isBlank(pair.charCodeAt(end - 1))) end--;
  if (end - start > 1 && pair[start] === '"' && pair[end - 1] === '"') {
    start++;
    end--;
  }
  for (let i = start; i < end; i++) {
    const c = pair.charCodeAt(i);
    if (c < 0x20 || c > 0x7e || c === 34 || c === 92) return undefined;
  }
  return pair.slice(start, end);
}

function hasTooManyPairs(lines: readonly string[]): boolean {
  let pairs = lines.length;
  for (const line of lines) {
    if (line.length + pairs <= MAX_COOKIES && lines.length === 1) return false;
    for (let i = line.indexOf(";"); i >= 0; i = line.indexOf(";", i + 1)) if (++pairs > MAX_COOKIES) return true;
  }
  return pairs > MAX_COOKIES;
}

/** RFC 9110 5.6.2: one or more tchar. */
export function isToken(text: string): boolean {
  if (text === "") return false;
  for (let i = 0; i < text.length; i++) if (!isTokenByte(text.charCodeAt(i))) return false;
  return true;
}

function isTokenByte(c: number): boolean {
  if ((c >= 97 && c <= 122) || (c >= 65 && c <= 90) || (c >= 48 && c <= 57)) return true;
  return c > 32 && c < 127 && "!#$%&'*+-.^_`|~".includes(String.fromCharCode(c));
}

/** The text without spaces and tabs at its ends. */
export function trimBlanks(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && isBlank(text.charCodeAt(start))) start++;
  while (end > start && isBlank(text.charCodeAt(end - 1))) end--;
  return start === 0 && end === text.length ? text : text.slice(start, end);
}

function isBlank(c: number): boolean {
  return c === 32 || c === 9;
}
