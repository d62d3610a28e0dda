// Hosts that begin with `*.` stand for one label more (decisions: wildcard hosts). A precise name goes before them, as users of
// Ingresses expect: where nothing else decides, the routes of a wildcard are asked behind those of names.

import type { Call } from "../eskip/route.ts";

const none: readonly never[] = Object.freeze([]);
const lighter: readonly Call[] = [{ name: "Weight", args: [-1] }];

/** Added to the routes of a host; not to those that redirects made of them, which outweigh all others anyway. */
export function wildcardPredicates(host: string): readonly Call[] {
  return host.startsWith("*.") ? lighter : none;
}
