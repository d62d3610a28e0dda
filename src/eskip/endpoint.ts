// The endpoints of load balanced backends: their zone stands as query parameter `zone` in the text (spec eskip 5.3, 8.4).
// Reading and writing are inverse: what is written reads back to the same address and zone.

import { fromByteString, toByteString } from "../util/bytes.ts";
import type { LbEndpoint } from "./route.ts";
import { checkUrl, schemeOf } from "./url.ts";

/** Message of a load balanced backend whose endpoints differ in scheme. */
export const LB_SCHEME_ERROR = "loadbalancer endpoints cannot have mixed protocols";

/** True when `address` may not follow `before`: one without scheme accepts any successor. */
export function schemesMix(before: string, address: string): boolean {
  const scheme = schemeOf(before);
  return scheme !== "" && scheme !== schemeOf(address);
}

/** Takes the zone out of the query of an endpoint; without a zone the address stays as it is, byte for byte. */
export function parseEndpoint(text: string): LbEndpoint {
  const question = text.indexOf("?");
  if (question < 0) return { address: text, zone: "" };
  if (checkUrl(text) !== "" && checkUrl(`/${text}`) !== "") return { address: text, zone: "" };
  const pairs = parseQuery(toByteString(text.slice(question + 1)));
  const zone = pairs.find(([key]) => key === "zone")?.[1] ?? "";
  if (zone === "") return { address: text, zone: "" };
  const rest = pairs.filter(([key]) => key !== "zone").sort(([a], [b]) => (a < b ? -1 : a > b ? 1 : 0));
  const query = rest.map(([key, value]) => `${escapeQuery(key)}=${escapeQuery(value)}`).join("&");
  const base = text.slice(0, question);
  return { address: query === "" ? base : `${base}?${query}`, zone: fromByteString(zone) };
}

/** The text of an endpoint with its zone as query parameter. */
export function endpointText(endpoint: LbEndpoint): string {
  if (endpoint.zone === "") return endpoint.address;
  const separator = endpoint.address.includes("?") ? "&" : "?";
  return `${endpoint.address}${separator}zone=${escapeQuery(toByteString(endpoint.zone))}`;
}

/** Names and values of a query as byte strings; parts that hold `;` or a bad escape are left out. */
function parseQuery(query: string): (readonly [string, string])[] {
  const pairs: (readonly [string, string])[] = [];
  for (const part of query.split("&")) {
    if (part === "" || part.includes(";")) continue;
    const equals = part.indexOf("=");
    const key = unescapeQuery(equals < 0 ? part : part.slice(0, equals));
    const value = unescapeQuery(equals < 0 ? "" : part.slice(equals + 1));
    if (key !== null && value !== null) pairs.push([key, value]);
  }
  return pairs;
}

/** Null when an escape is malformed. */
function unescapeQuery(text: string): string | null {
  let out = "";
  for (let i = 0; i < text.length; i++) {
    const c = text[i]!;
    if (c === "+") out += " ";
    else if (c !== "%") out += c;
    else {
      const hex = text.slice(i + 1, i + 3);
      if (!/^[0-9A-Fa-f]{2}$/.test(hex)) return null;
      out += String.fromCharCode(Number.parseInt(hex, 16));
      i += 2;
    }
  }
  return out;
}

/** Escapes a byte string for a query: a blank is `+`. */
function escapeQuery(bytes: string): string {
  let out = "";
  for (const c of bytes) {
    if (/[A-Za-z0-9\-_.~]/.test(c)) out += c;
    else if (c === " ") out += "+";
    else out += `%${c.charCodeAt(0).toString(16).toUpperCase().padStart(2, "0")}`;
  }
  return out;
}
