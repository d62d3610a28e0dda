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

/** Puts the keys of a route into `keys` (`name`, or `.name` for one label more); false when it must be in the rest. */
export function hostKeys(route: Route, keys: string[]): boolean {
  for (const pattern of route.hostRegexps) if (patternKeys(pattern, keys)) return true;
  for (const call of route.predicates) {
    if (call.name === "HostAny") {
      if (nameKeys(call.args, keys)) return true;
    } else if (call.name === "Host" && typeof call.args[0] === "string" && patternKeys(call.args[0], keys)) {
      return true;
    }
  }
  return false;
}

function patternKeys(pattern: string, keys: string[]): boolean {
  const hosts = literalHosts(pattern);
  if (hosts === null) return false;
  keys.length = 0;
  for (const host of hosts) {
    const length = hostKeyLength(host.name);
    if (!isAscii(host.name) || (host.wildcard && length === 0)) return false;
    const name = host.name.slice(0, length);
    keys.push(host.wildcard ? `.${name}` : name);
  }
  dropRepeated(keys);
  return true;
}

function nameKeys(names: readonly unknown[], keys: string[]): boolean {
  keys.length = 0;
  for (const name of names) {
    if (typeof name !== "string" || !isAscii(name)) return false;
    keys.push(name.slice(0, hostKeyLength(name)));
  }
  dropRepeated(keys);
  return keys.length > 0;
}

/** A route hangs once at a leaf under each name. */
function dropRepeated(keys: string[]): void {
  if (keys.length < 2) return;
  const distinct = new Set(keys);
  if (distinct.size < keys.length) keys.splice(0, keys.length, ...distinct);
}
