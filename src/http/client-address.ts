// Who called: the peer, or what the first X-Forwarded-For line says (spec predicates 8). Shared by the address predicates,
// templates and filters. Only the first line counts, even when it is empty or unusable.

import { type IpAddress, parseIpAddress } from "../util/cidr.ts";
import { trimBlanks } from "./cookies.ts";
import type { Headers } from "./headers.ts";

/** What both kinds of request have. */
interface Caller {
  readonly headers: Headers;
  readonly remoteAddress: string;
}

const HEADER = "X-Forwarded-For";

/** The first element of X-Forwarded-For without port, when it is an address; else the peer address. Not trimmed. */
export function firstForwardedAddress(request: Caller): string {
  const line = request.headers.get(HEADER);
  if (line === undefined || line === "") return request.remoteAddress;
  const comma = line.indexOf(",");
  return addressOf(comma < 0 ? line : line.slice(0, comma)) ?? request.remoteAddress;
}

/** The last element of X-Forwarded-For, trimmed, without port, when it is an address; else the peer address. */
export function lastForwardedAddress(request: Caller): string {
  const line = request.headers.get(HEADER);
  if (line === undefined || line === "") return request.remoteAddress;
  return addressOf(trimBlanks(line.slice(line.lastIndexOf(",") + 1))) ?? request.remoteAddress;
}

function addressOf(element: string): string | undefined {
  const text = withoutPort(element);
  return parseIpAddress(text) === null ? undefined : text;
}

/** The same two as parsed addresses; null when the peer address itself is none (a unix socket). */
export function parsedFirstForwarded(request: Caller): IpAddress | null {
  return parseIpAddress(firstForwardedAddress(request));
}

export function parsedLastForwarded(request: Caller): IpAddress | null {
  return parseIpAddress(lastForwardedAddress(request));
}

/**
 * `1.2.3.4:99` and `[2001:db8::1]:443` without their port; anything else as it is. A bare IPv6 address has no port, and brackets
 * without a port stay.
 */
export function withoutPort(text: string): string {
  const colon = text.lastIndexOf(":");
  if (colon < 0) return text;
  if (text[0] === "[") {
    return text[colon - 1] === "]" && text.indexOf("]") === colon - 1 ? text.slice(1, colon - 1) : text;
  }
  return text.indexOf(":") === colon ? text.slice(0, colon) : text;
}
