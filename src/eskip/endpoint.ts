// The endpoints of load balanced backends: their zone stands as query parameter `zone` in the text (spec eskip 5.3, 8.4).
// Reading and writing are inverse: what is written reads back to the same address and zone.

import { fromByteString, toByteString } from "../util/bytes.ts";
import { encodeQuery, escapeQuery, parseQuery } from "../util/query.ts";
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
  const query = encodeQuery(pairs.filter(([key]) => key !== "zone"));
  const base = text.slice(0, question);
  return { address: query === "" ? base : `${base}?${query}`, zone: fromByteString(zone) };
}

/** The text of an endpoint with its zone as query parameter. */
export function endpointText(endpoint: LbEndpoint): string {
  if (endpoint.zone === "") return endpoint.address;
  const separator = endpoint.address.includes("?") ? "&" : "?";
  return `${endpoint.address}${separator}zone=${escapeQuery(toByteString(endpoint.zone))}`;
}
