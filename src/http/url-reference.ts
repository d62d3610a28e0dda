// URL references as users write them in routes (RFC 3986 4.1): read once when a route is built, or from a header that names a
// backend. Strict where two readers could disagree: broken escapes, control bytes and odd hosts are refused, never repaired.

import { escapeAt } from "./path.ts";

export interface UrlReference {
  /** In lower case, "" when there is none. */
  readonly scheme: string;
  /** Host with its port, "" when there is none; user info is dropped. */
  readonly host: string;
  /** The path as written, and decoded; both are byte strings. */
  readonly rawPath: string;
  readonly path: string;
  /** Without `?`. */
  readonly query: string;
  /** Without `#`, as written. */
  readonly fragment: string;
}

/** Reads a URL reference (a byte string); undefined when it is none. */
export function parseUrlReference(text: string): UrlReference | undefined {
  const hash = text.indexOf("#");
  return parse(hash < 0 ? text : text.slice(0, hash), hash < 0 ? "" : text.slice(hash + 1), true);
}

/** Reads what may stand as a request target: an absolute URL or an absolute path; undefined when it is neither. */
export function parseRequestUrl(text: string): UrlReference | undefined {
  return parse(text, "", false);
}

function parse(text: string, fragment: string, relative: boolean): UrlReference | undefined {
  if (hasControl(text) || hasControl(fragment) || decodeEscapes(fragment) === undefined) return undefined;
  const colon = schemeEnd(text);
  if (colon === 0) return undefined;
  const scheme = colon < 0 ? "" : text.slice(0, colon).toLowerCase();
  const question = text.indexOf("?", colon + 1);
  let rest = text.slice(colon + 1, question < 0 ? text.length : question);
  const query = question < 0 ? "" : text.slice(question + 1);
  if (rest[0] !== "/") {
    if (scheme !== "") return { scheme, host: "", rawPath: "", path: "", query, fragment };
    if (!relative || firstSegmentHasColon(rest)) return undefined;
  }
  let host = "";
  if (rest.startsWith("//") && (scheme !== "" || (relative && !rest.startsWith("///")))) {
    const slash = rest.indexOf("/", 2);
    const authority = slash < 0 ? rest.slice(2) : rest.slice(2, slash);
    rest = slash < 0 ? "" : rest.slice(slash);
    const at = authority.lastIndexOf("@");
    host = authority.slice(at + 1);
    if (!isHostPort(host) || !isUserInfo(authority.slice(0, Math.max(at, 0)))) return undefined;
  }
  const path = decodeEscapes(rest);
  return path === undefined ? undefined : { scheme, host, rawPath: rest, path, query, fragment };
}

function hasControl(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x20 || c === 0x7f) return true;
  }
  return false;
}

/** Offset of the colon behind a scheme (RFC 3986 3.1), -1 when there is no scheme, 0 when it is empty. */
function schemeEnd(text: string): number {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const letter = c | 0x20;
    if (letter >= 97 && letter <= 122) continue;
    if (c === 58) return i;
    const later = (c >= 48 && c <= 57) || c === 43 || c === 45 || c === 46;
    if (!later || i === 0) return -1;
  }
  return -1;
}

function firstSegmentHasColon(path: string): boolean {
  const slash = path.indexOf("/");
  const colon = path.indexOf(":");
  return colon >= 0 && (slash < 0 || colon < slash);
}

/** RFC 3986 3.2.2 and 3.2.3: a name, an IPv4 address or an address in brackets, with an optional decimal port. */
function isHostPort(text: string): boolean {
  let name = text;
  if (text[0] === "[") {
    const close = text.indexOf("]");
    if (close < 0) return false;
    name = text.slice(1, close);
    const tail = text.slice(close + 1);
    if (tail !== "" && !isPort(tail)) return false;
    return isName(name, true);
  }
  const colon = text.indexOf(":");
  if (colon >= 0) {
    if (!isPort(text.slice(colon))) return false;
    name = text.slice(0, colon);
  }
  return isName(name, false);
}

/** RFC 3986 3.2.1; also an `@`, when the authority holds several. */
function isUserInfo(text: string): boolean {
  return /^[\w.~!$&'()*+,;=:@%-]*$/.test(text) && decodeEscapes(text) !== undefined;
}

function isPort(text: string): boolean {
  for (let i = 1; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c < 48 || c > 57) return false;
  }
  return text[0] === ":";
}

/** Unreserved characters and sub-delims, and in brackets `:` and the `%25` of a zone; bytes from 0x80 pass as they are. */
function isName(text: string, bracketed: boolean): boolean {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    const letter = c | 0x20;
    if ((letter >= 97 && letter <= 122) || (c >= 48 && c <= 57) || c >= 0x80) continue;
    if ("-._~!$&'()*+,;=".includes(text[i]!) || (bracketed && c === 58)) continue;
    if (bracketed && text.startsWith("%25", i)) {
      i += 2;
      continue;
    }
    return false;
  }
  return true;
}

/** Decodes `%XX`; undefined when an escape is none. */
function decodeEscapes(text: string): string | undefined {
  if (text.indexOf("%") < 0) return text;
  let out = "";
  for (let i = 0; i < text.length; i++) {
    if (text[i] !== "%") {
      out += text[i]!;
      continue;
    }
    const byte = escapeAt(text, i);
    if (byte < 0) return undefined;
    out += String.fromCharCode(byte);
    i += 2;
  }
  return out;
}
