// The path of a request, decoded and encoded (spec matching 2.1, 2.4, 9, filters 3.6, proxy 9). Called when a request is built
// and when its backend request is written. Byte strings throughout (util/bytes.ts).

import { HEX } from "./h1/tables.ts";

const PERCENT = 0x25;

function table(characters: string): Uint8Array {
  const t = new Uint8Array(256);
  for (let i = 0; i < characters.length; i++) t[characters.charCodeAt(i)] = 1;
  return t;
}

const ALWAYS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_.~$&+,/:;=@";
/** Stands unescaped in an encoded path. */
const UNESCAPED = table(ALWAYS);
/** May stand unescaped in a path as received without making it an invalid encoding. */
const TOLERATED = table(`${ALWAYS}!'()*[]`);
/** Characters whose escapes `-rfc-patch-path` and rfcPath() keep. */
const RESERVED = table(";/?:@&=+$,");

const ESCAPES: readonly string[] = Array.from(
  { length: 256 },
  (_, byte) => `%${byte.toString(16).toUpperCase().padStart(2, "0")}`,
);

/** Value of the escape at `i`, -1 when there is none. */
export function escapeAt(text: string, i: number): number {
  if (i + 2 >= text.length || text.charCodeAt(i) !== PERCENT) return -1;
  const high = HEX[text.charCodeAt(i + 1)]!;
  const low = HEX[text.charCodeAt(i + 2)]!;
  return high > 15 || low > 15 ? -1 : high * 16 + low;
}

/** `rawPath` with every escape decoded; a `%` without two hex digits, which no parsed target has, stays. */
export function decodePath(rawPath: string): string {
  return rawPath.indexOf("%") < 0 ? rawPath : decode(rawPath, false);
}

function decode(rawPath: string, keepReserved: boolean): string {
  let out = "";
  let from = 0;
  for (let i = rawPath.indexOf("%"); i >= 0; i = rawPath.indexOf("%", i + 1)) {
    const byte = escapeAt(rawPath, i);
    if (byte < 0 || (keepReserved && RESERVED[byte] === 1)) continue;
    out += rawPath.slice(from, i) + String.fromCharCode(byte);
    from = i + 3;
    i += 2;
  }
  return out + rawPath.slice(from);
}

/** The canonical encoding of a decoded path: letters, digits and `-_.~$&+,/:;=@` as they are, every other byte as `%XX`. */
export function encodePath(path: string): string {
  return encode(path, false);
}

function encode(path: string, keepReserved: boolean): string {
  let out = "";
  let from = 0;
  for (let i = 0; i < path.length; i++) {
    const c = path.charCodeAt(i);
    if (UNESCAPED[c] === 1) continue;
    if (keepReserved) {
      const byte = escapeAt(path, i);
      if (byte >= 0 && RESERVED[byte] === 1) {
        i += 2;
        continue;
      }
    }
    out += path.slice(from, i) + ESCAPES[c & 255]!;
    from = i + 1;
  }
  return from === 0 ? path : out + path.slice(from);
}

/** True when `rawPath` holds only what may stand in an encoded path: it can then go on as it was received. */
export function isValidEncoding(rawPath: string): boolean {
  for (let i = 0; i < rawPath.length; i++) {
    if (TOLERATED[rawPath.charCodeAt(i)] === 1) continue;
    if (escapeAt(rawPath, i) < 0) return false;
    i += 2;
  }
  return true;
}

/**
 * The decoded path with the escapes of reserved characters put back as the client sent them (spec matching 9: `-rfc-patch-path`,
 * rfcPath()). `path` comes back unchanged when it is not the decoded `rawPath`, or `rawPath` is its canonical encoding.
 */
export function patchPath(path: string, rawPath: string): string {
  if (rawPath.indexOf("%") < 0 || decodePath(rawPath) !== path || encodePath(path) === rawPath) return path;
  return decode(rawPath, true);
}

/**
 * The path of the backend request: `rawPath` as received while it is a valid encoding of `path`, else `path` encoded anew; always
 * with a leading slash. A lone `*` keeps its star. `patched` says that patchPath was applied: then escapes of reserved characters in `path` stay escaped
 * once (decisions).
 */
export function outgoingPath(path: string, rawPath: string, patched: boolean): string {
  if (path === "*") return "/*";
  const kept = isUnchanged(path, rawPath, patched) && isValidEncoding(rawPath);
  const encoded = kept ? rawPath : encode(path, patched);
  return encoded.charCodeAt(0) === 0x2f ? encoded : `/${encoded}`;
}

function isUnchanged(path: string, rawPath: string, patched: boolean): boolean {
  const decoded = decodePath(rawPath);
  return path === decoded || (patched && path === patchPath(decoded, rawPath));
}

/** The request target of the backend request (spec matching 2.4); a lone `?` stays. */
export function outgoingTarget(
  path: string,
  rawPath: string,
  hasQuery: boolean,
  rawQuery: string,
  patched: boolean,
): string {
  const encoded = outgoingPath(path, rawPath, patched);
  return hasQuery ? `${encoded}?${rawQuery}` : encoded;
}
