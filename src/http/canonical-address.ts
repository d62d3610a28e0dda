// The text by which clients are told apart: one spelling for each address (spec ratelimit 1.4, resilience 6.2). Used by limits, by
// the consistentHash algorithm and by whoever needs one key for one client.

import { parseIpAddress } from "../util/cidr.ts";
import { withoutPort } from "./client-address.ts";
import { trimBlanks } from "./cookies.ts";
import type { Headers } from "./headers.ts";

/**
 * The first element of X-Forwarded-For, without blanks, port and brackets and in canonical text (RFC 5952), when it is an address;
 * else the peer address. By this text limits and hashes tell clients apart.
 */
export function canonicalClientAddress(request: { readonly headers: Headers; readonly remoteAddress: string }): string {
  const line = request.headers.get("X-Forwarded-For");
  if (line === undefined || line === "") return request.remoteAddress;
  const comma = line.indexOf(",");
  const element = trimBlanks(comma < 0 ? line : line.slice(0, comma));
  return canonicalAddress(withoutBrackets(withoutPort(element))) ?? request.remoteAddress;
}

function withoutBrackets(text: string): string {
  return text.startsWith("[") && text.endsWith("]") ? text.slice(1, -1) : text;
}

/** The one text of an address (RFC 5952 4, 5), undefined when the text is none. A zone stays as it is. */
export function canonicalAddress(text: string): string | undefined {
  const address = parseIpAddress(text);
  if (address === null) return undefined;
  // The parser takes IPv4 addresses in one form only.
  if (address.family === 4) return text;
  const percent = text.indexOf("%");
  return percent < 0 ? ipv6Text(address.words) : ipv6Text(address.words) + text.slice(percent);
}

function ipv6Text(words: readonly [number, number, number, number]): string {
  if (words[0] === 0 && words[1] === 0 && words[2] === 0xffff) {
    const word = words[3];
    return `::ffff:${word >>> 24}.${(word >>> 16) & 255}.${(word >>> 8) & 255}.${word & 255}`;
  }
  const groups = words.flatMap((word) => [(word >>> 16) & 0xffff, word & 0xffff]);
  const gap = longestZeros(groups);
  const hex = (from: number, to: number) => {
    let out = "";
    for (let i = from; i < to; i++) out += (i === from ? "" : ":") + groups[i]!.toString(16);
    return out;
  };
  return gap.length < 2 ? hex(0, 8) : `${hex(0, gap.start)}::${hex(gap.start + gap.length, 8)}`;
}

/** The longest run of zero groups, the first of equal ones. */
function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let longest = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start++) {
    let end = start;
    while (end < groups.length && groups[end] === 0) end++;
    if (end - start > longest.length) longest = { start, length: end - start };
  }
  return longest;
}
