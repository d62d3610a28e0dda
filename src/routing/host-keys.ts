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
  readonly #scratch = Buffer.alloc(MAX_NAME_BYTES);

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
    this.#keys = keysOfPattern(pattern, this.#scratch);
    return this.#keys;
  }
}

/** What stands around the name in the patterns of ingress controllers. */
const NAME_START = "^(";
const NAME_END = "[.]?(:[0-9]+)?)$";
const MAX_NAME_BYTES = 256;

/**
 * The key of a pattern with one name, in the form that ingress controllers write, "" for any other. It says what `keysOfPattern`
 * would say, in a fifth of the time; a large table has little else (table.bench.ts).
 */
function singleName(pattern: string, scratch: Buffer): string {
  const end = pattern.length - NAME_END.length;
  if (end > scratch.length || !pattern.startsWith(NAME_START) || !pattern.endsWith(NAME_END)) return "";
  let length = 0;
  let hasLetter = false;
  for (let i = NAME_START.length; i < end; i++) {
    const c = pattern.charCodeAt(i);
    if (isLetterOrDash(c)) hasLetter = true;
    else if (c === 0x5b && pattern.charCodeAt(i + 1) === DOT && pattern.charCodeAt(i + 2) === 0x5d && i + 2 < end)
      i += 2;
    else if (!isDigit(c)) return "";
    scratch[length++] = c === 0x5b ? DOT : c;
  }
  // A dot at the end would have to be taken off, and a name of digits only is left to the thorough way.
  if (!hasLetter || scratch[length - 1] === DOT) return "";
  return scratch.toString("latin1", 0, length);
}

function isLetterOrDash(c: number): boolean {
  return (c >= 0x61 && c <= 0x7a) || (c >= 0x41 && c <= 0x5a) || c === 0x2d;
}

function keysOfPattern(pattern: string, scratch: Buffer): readonly string[] | null {
  const single = singleName(pattern, scratch);
  if (single !== "") return [single];
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
