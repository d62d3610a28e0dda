// The request target (RFC 9112 3.2, spec matching 2.1): which of its forms it has and where its parts are. Offsets only; a part
// becomes a string when someone asks for it. Called by the HTTP/1.1 parser, which has checked the bytes.

import { BAD_MESSAGE, type ErrorCode } from "./h1/errors.ts";
import { HEX, HOST } from "./h1/tables.ts";

/** `/path?query` */
export const ORIGIN_FORM = 0;
/** `scheme://authority/path?query`, `scheme:/path` */
export const ABSOLUTE_FORM = 1;
/** `host:port` of CONNECT */
export const AUTHORITY_FORM = 2;
/** `*` of OPTIONS: answered by the server itself */
export const ASTERISK_FORM = 3;
/** `scheme:rest`: routed with an empty path, and no backend can be asked for it */
export const OPAQUE_FORM = 4;

const SLASH = 0x2f;
const QUESTION = 0x3f;
const PERCENT = 0x25;
const COLON = 0x3a;
const AT = 0x40;

export class Target {
  text = "";
  form = ORIGIN_FORM;
  pathStart = 0;
  pathEnd = 0;
  end = 0;
  /** Offsets of the authority without user information; equal when the target names none. */
  authorityStart = 0;
  authorityEnd = 0;
  /** True when the path holds a percent-encoding. */
  escaped = false;

  /** The path as received, "" when the target has none. */
  get rawPath(): string {
    return this.text.slice(this.pathStart, this.pathEnd);
  }

  /** True when there is a `?`, also with nothing after it. */
  get hasQuery(): boolean {
    return this.pathEnd < this.end;
  }

  /** The query as received without `?`. */
  get rawQuery(): string {
    return this.pathEnd < this.end ? this.text.slice(this.pathEnd + 1, this.end) : "";
  }

  /** The authority that stands in for the Host header; null when the Host header counts. */
  get authority(): string | null {
    return this.authorityEnd > this.authorityStart ? this.text.slice(this.authorityStart, this.authorityEnd) : null;
  }
}

/** Fills `target` from the bytes `start` to `end` of `text`. Returns 0, or BAD_MESSAGE for what is no target of `method`. */
export function parseTarget(target: Target, text: string, start: number, end: number, method: string): ErrorCode {
  target.text = text;
  target.form = ORIGIN_FORM;
  target.end = end;
  target.authorityStart = start;
  target.authorityEnd = start;
  if (start === end) return BAD_MESSAGE;
  if (text.charCodeAt(start) === SLASH) return parsePath(target, start);
  return parseOddTarget(target, start, method);
}

/** Path and query from `start` on. */
function parsePath(target: Target, start: number): ErrorCode {
  const { text, end } = target;
  target.pathStart = start;
  target.escaped = false;
  let i = start;
  for (; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c === QUESTION) break;
    if (c !== PERCENT) continue;
    if (!isHexPair(text, i + 1, end)) return BAD_MESSAGE;
    target.escaped = true;
    i += 2;
  }
  target.pathEnd = i;
  return 0;
}

function parseOddTarget(target: Target, start: number, method: string): ErrorCode {
  const { text, end } = target;
  if (end - start === 1 && text[start] === "*") {
    if (method !== "OPTIONS") return BAD_MESSAGE;
    target.form = ASTERISK_FORM;
    return parsePath(target, start);
  }
  if (method === "CONNECT") {
    target.form = AUTHORITY_FORM;
    return parseAuthority(target, start, true);
  }
  const colon = schemeEnd(text, start, end);
  if (colon < 0) return BAD_MESSAGE;
  if (colon + 1 >= end || text.charCodeAt(colon + 1) !== SLASH) {
    target.form = OPAQUE_FORM;
    const question = text.indexOf("?", colon + 1);
    target.pathStart = target.pathEnd = question < 0 || question > end ? end : question;
    target.escaped = false;
    return 0;
  }
  target.form = ABSOLUTE_FORM;
  if (colon + 2 >= end || text.charCodeAt(colon + 2) !== SLASH) return parsePath(target, colon + 1);
  const scheme = text.slice(start, colon).toLowerCase();
  return parseAuthority(target, colon + 3, scheme === "http" || scheme === "https");
}

/** Offset of the colon after a scheme (RFC 3986 3.1), -1 when the text does not begin with one. */
function schemeEnd(text: string, start: number, end: number): number {
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    const letter = (c | 0x20) >= 0x61 && (c | 0x20) <= 0x7a;
    if (letter) continue;
    if (i === start) return -1;
    if (c === COLON) return i;
    const inScheme = (c >= 0x30 && c <= 0x39) || c === 0x2b || c === 0x2d || c === 0x2e;
    if (!inScheme) return -1;
  }
  return -1;
}

/** The authority from `start` to the next `/` or `?`, then path and query. `oneColon`: the scheme knows a port and nothing else. */
function parseAuthority(target: Target, start: number, oneColon: boolean): ErrorCode {
  const { text, end } = target;
  let stop = start;
  let host = start;
  for (; stop < end; stop++) {
    const c = text.charCodeAt(stop);
    if (c === SLASH || c === QUESTION) break;
    if (c === AT) host = stop + 1;
  }
  for (let i = start; i < host - 1; i++) {
    const c = text.charCodeAt(i);
    if (HOST[c] === 0 || c === 0x5b || c === 0x5d) return BAD_MESSAGE;
    if (c === PERCENT && !isHexPair(text, i + 1, host - 1)) return BAD_MESSAGE;
  }
  const required = target.form === AUTHORITY_FORM || host > start;
  if (host === stop ? required : !isAuthority(text, host, stop, oneColon)) return BAD_MESSAGE;
  target.authorityStart = host;
  target.authorityEnd = stop;
  return parsePath(target, stop);
}

/** host [ ":" port ]: the host not empty, the port digits or empty. */
function isAuthority(text: string, start: number, end: number, oneColon: boolean): boolean {
  let hostEnd = end;
  if (text[start] === "[") {
    const bracket = text.indexOf("]", start);
    if (bracket < 0 || bracket >= end || !isIpv6(text.slice(start + 1, bracket))) return false;
    hostEnd = bracket + 1;
    if (hostEnd < end && text.charCodeAt(hostEnd) !== COLON) return false;
  } else {
    const colon = text.lastIndexOf(":", end - 1);
    if (colon >= start) hostEnd = colon;
    if (hostEnd === start || !isHostName(text, start, hostEnd, oneColon)) return false;
  }
  for (let i = hostEnd + 1; i < end; i++) {
    const c = text.charCodeAt(i);
    if (c < 0x30 || c > 0x39) return false;
  }
  return true;
}

/** Bytes of a host; a percent-encoding only where the byte is not ASCII (spec matching 2.1). */
function isHostName(text: string, start: number, end: number, oneColon: boolean): boolean {
  for (let i = start; i < end; i++) {
    const c = text.charCodeAt(i);
    if (HOST[c] === 0 || c === 0x5b || c === 0x5d || (oneColon && c === COLON)) return false;
    if (c !== PERCENT) continue;
    if (!isHexPair(text, i + 1, end) || HEX[text.charCodeAt(i + 1)]! < 8) return false;
    i += 2;
  }
  return true;
}

/** True when two hexadecimal digits stand at `at`, before `end`. */
function isHexPair(text: string, at: number, end: number): boolean {
  return at + 2 <= end && HEX[text.charCodeAt(at)]! <= 15 && HEX[text.charCodeAt(at + 1)]! <= 15;
}

/** RFC 4291 2.2, without zone. */
function isIpv6(text: string): boolean {
  const gap = text.indexOf("::");
  if (gap < 0) return countGroups(text, true) === 8;
  const left = countGroups(text.slice(0, gap), false);
  const right = countGroups(text.slice(gap + 2), true);
  return left >= 0 && right >= 0 && left + right <= 7;
}

/** Number of 16 bit groups, -1 when one is malformed; the last may be an IPv4 address. */
function countGroups(text: string, ipv4Allowed: boolean): number {
  if (text === "") return 0;
  const groups = text.split(":");
  let count = groups.length;
  for (let i = 0; i < groups.length; i++) {
    const group = groups[i]!;
    if (ipv4Allowed && i === groups.length - 1 && isIpv4(group)) count++;
    else if (!isHexGroup(group)) return -1;
  }
  return count;
}

function isHexGroup(group: string): boolean {
  if (group.length < 1 || group.length > 4) return false;
  for (let i = 0; i < group.length; i++) if (HEX[group.charCodeAt(i)]! > 15) return false;
  return true;
}

function isIpv4(text: string): boolean {
  const parts = text.split(".");
  if (parts.length !== 4) return false;
  for (const part of parts) {
    if (part.length < 1 || part.length > 3 || (part.length > 1 && part[0] === "0")) return false;
    for (let i = 0; i < part.length; i++) if (part.charCodeAt(i) < 0x30 || part.charCodeAt(i) > 0x39) return false;
    if (Number(part) > 255) return false;
  }
  return true;
}
