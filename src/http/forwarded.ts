// What the routing reads from a `Forwarded` line (spec predicates 9). Not RFC 7239 in full, and so on purpose: quotes do not
// protect commas and semicolons, names are lower case, blanks are trimmed around elements only. The last value of each wins.

import { trimBlanks } from "./cookies.ts";

export interface Forwarded {
  readonly host: string;
  readonly proto: string;
}

/** Host and protocol of a line, "" for what it does not name. */
export function parseForwarded(line: string): Forwarded {
  let host = "";
  let proto = "";
  for (const element of line.split(",")) {
    for (const pair of trimBlanks(element).split(";")) {
      const equals = pair.indexOf("=");
      if (equals < 0) continue;
      const value = withoutQuotes(pair.slice(equals + 1));
      if (value === "") continue;
      const name = pair.slice(0, equals);
      if (name === "host") host = value;
      else if (name === "proto") proto = value;
    }
  }
  return { host, proto };
}

function withoutQuotes(text: string): string {
  let start = 0;
  let end = text.length;
  while (start < end && text[start] === '"') start++;
  while (end > start && text[end - 1] === '"') end--;
  return text.slice(start, end);
}
