// The W3C Baggage of a request (https://www.w3.org/TR/baggage/, spec predicates 12 OTelBaggage): members that are not well formed
// are skipped alone. Read once per request, and only when a predicate asks.

import { toByteString } from "../util/bytes.ts";
import { decodeUtf8 } from "../util/utf8.ts";
import { isToken, trimBlanks } from "./cookies.ts";

/** Longer baggage, counting one byte between lines, does not count at all. */
const MAX_BYTES = 8192;
/** The members behind this number of distinct keys are dropped, in one line and over all. */
const MAX_MEMBERS = 64;

/** Keys and decoded values of all `baggage` lines, null when there is nothing usable. */
export function parseBaggage(lines: readonly string[]): ReadonlyMap<string, string> | null {
  let total = lines.length - 1;
  for (const line of lines) total += line.length;
  if (total > MAX_BYTES) return null;
  const all = new Map<string, string>();
  for (const line of lines) {
    for (const [key, value] of parseLine(line)) if (all.size < MAX_MEMBERS || all.has(key)) all.set(key, value);
  }
  return all.size === 0 ? null : all;
}

function parseLine(line: string): Map<string, string> {
  const members = new Map<string, string>();
  for (const text of line.split(",")) {
    const [member = "", ...properties] = text.split(";");
    const equals = member.indexOf("=");
    if (equals < 0 || !properties.every(isProperty)) continue;
    const key = trimBlanks(member.slice(0, equals));
    const value = decodeValue(trimBlanks(member.slice(equals + 1)));
    if (!isToken(key) || value === undefined) continue;
    if (members.size === MAX_MEMBERS && !members.has(key)) break;
    members.set(key, value);
  }
  return members;
}

/** Nothing, a key, or `key=value`. */
function isProperty(text: string): boolean {
  const property = trimBlanks(text);
  if (property === "") return true;
  const equals = property.indexOf("=");
  if (equals < 0) return isToken(property);
  return (
    isToken(trimBlanks(property.slice(0, equals))) && decodeValue(trimBlanks(property.slice(equals + 1))) !== undefined
  );
}

/** The percent-decoded value as UTF-8 bytes; undefined when a byte or an escape is not allowed. */
function decodeValue(text: string): string | undefined {
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c <= 0x20 || c >= 0x7f || c === 34 || c === 44 || c === 59 || c === 92) return undefined;
    if (c === 37 && !isHexPair(text, i + 1)) return undefined;
  }
  if (text.indexOf("%") < 0) return text;
  const decoded = text.replace(/%(..)/g, (_, hex: string) => String.fromCharCode(Number.parseInt(hex, 16)));
  return toByteString(decodeUtf8(Buffer.from(decoded, "latin1")));
}

function isHexPair(text: string, at: number): boolean {
  return isHex(text.charCodeAt(at)) && isHex(text.charCodeAt(at + 1));
}

function isHex(c: number): boolean {
  return (c >= 48 && c <= 57) || (c >= 97 && c <= 102) || (c >= 65 && c <= 70);
}
