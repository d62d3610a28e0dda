// Replaces values of a query by their hash before the access log writes it (spec filters, maskAccessLogQuery). Called by
// access-log.ts for the requests of routes that ask for it, never for others.

import { encodeQuery, parseQuery } from "../util/query.ts";

/** xxHash64 (seed 0) of bytes. */
export type Hash64 = (bytes: Uint8Array) => bigint;

/** The hash; compiled asynchronously, so a worker loads it before it serves. */
export async function loadHash64(): Promise<Hash64> {
  const { default: load } = await import("xxhash-wasm");
  const { h64Raw } = await load();
  return (bytes) => h64Raw(bytes);
}

/**
 * The target with its query encoded anew, sorted by name; of the `masked` names the first value, unless it is empty, is replaced by
 * its hash in decimal, and further values of it are left out. Pairs that do not decode or hold `;` are left out. Byte strings.
 */
export function maskQuery(target: string, masked: ReadonlySet<string>, hash: Hash64): string {
  const mark = target.indexOf("?");
  const path = mark < 0 ? target : target.slice(0, mark);
  const pairs: [string, string][] = [];
  const seen = new Set<string>();
  const hashed = new Set<string>();
  for (const [name, value] of mark < 0 ? [] : parseQuery(target.slice(mark + 1))) {
    if (hashed.has(name)) continue;
    // An empty first value is not hashed, and then neither are the others of its name.
    const isFirst = masked.has(name) && !seen.has(name);
    seen.add(name);
    if (isFirst && value !== "") hashed.add(name);
    pairs.push([name, hashed.has(name) ? hash(Buffer.from(value, "latin1")).toString() : value]);
  }
  return `${path}?${encodeQuery(pairs)}`;
}
