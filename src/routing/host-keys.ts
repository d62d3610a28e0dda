// The names under which a route can be found by the request's host. A route whose hosts are known names hangs at its leaf once per
// name, all others in the leaf's rest; the index only narrows the search, the predicates still decide. So a key may stand for more
// hosts than the route matches, never for fewer: a port and dots at the end are taken off on both sides.

import type { Route } from "../eskip/route.ts";
import { isAscii } from "../util/bytes.ts";
import { literalHosts } from "../util/host-pattern.ts";

const DOT = 0x2e;
const COLON = 0x3a;

/** Length of the host without a port and dots at its end, however many there are. */
export function hostKeyLength(host: string): number {
  let end = host.length;
  for (;;) {
    let at = end;
    while (at > 0 && isDigit(host.charCodeAt(at - 1))) at--;
    if (at > 0 && host.charCodeAt(at - 1) === COLON) end = at - 1;
    else if (end > 0 && host.charCodeAt(end - 1) === DOT) end--;
    else return end;
  }
}

function isDigit(c: number): boolean {
  return c >= 0x30 && c <= 0x39;
}

/** Keys of host patterns. It remembers the last pattern: in bulk loads many neighbours have the same. */
export class HostKeys {
  #pattern = "";
  #keys: readonly string[] | null = null;

  /** The keys of a route (`name`, or `.name` for one label more); null when it must be in the rest. */
  ofRoute(route: Route): readonly string[] | null {
    for (const pattern of route.hostRegexps) {
      const keys = this.ofPattern(pattern);
      if (keys !== null) return keys;
    }
    for (const { name, args } of route.predicates) {
      if (name === "HostAny") {
        const keys = keysOfNames(args);
        if (keys !== null) return keys;
      }
    }
    return null;
  }

  /** The keys of one pattern; null when it is no list of names. A pattern with keys is a valid regular expression. */
  ofPattern(pattern: string): readonly string[] | null {
    if (pattern === this.#pattern) return this.#keys;
    this.#pattern = pattern;
    this.#keys = keysOfPattern(pattern);
    return this.#keys;
  }
}

function keysOfPattern(pattern: string): readonly string[] | null {
  const hosts = literalHosts(pattern);
  if (hosts === null) return null;
  const keys: string[] = [];
  for (const host of hosts) {
    const length = hostKeyLength(host.name);
    if (!isAscii(host.name) || (host.wildcard && length === 0)) return null;
    const name = host.name.slice(0, length);
    keys.push(host.wildcard ? `.${name}` : name);
  }
  return withoutRepeated(keys);
}

/** The keys of HostAny. */
function keysOfNames(names: readonly unknown[]): readonly string[] | null {
  const keys: string[] = [];
  for (const name of names) {
    if (typeof name !== "string" || !isAscii(name)) return null;
    keys.push(name.slice(0, hostKeyLength(name)));
  }
  return keys.length === 0 ? null : withoutRepeated(keys);
}

/** A route hangs once at a leaf under each name. */
function withoutRepeated(keys: string[]): readonly string[] {
  return keys.length === 1 ? keys : [...new Set(keys)];
}
