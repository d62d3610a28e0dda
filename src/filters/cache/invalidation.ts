// What a successful unsafe request makes invalid (RFC 9111 4.4): the entry of its target, and those of Location and Content-Location
// where they are of the same origin.

import { decodePath, outgoingPath } from "../../http/path.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { StoreKey } from "../../spec/response-store.ts";
import type { CacheKeys } from "./cache-key.ts";
import type { PendingRequest } from "./pending-request.ts";

/** The keys of all entries that fall. */
export function invalidatedKeys(ctx: FilterContext, pending: PendingRequest, keys: CacheKeys): StoreKey[] {
  const found = [pending.key];
  // A backend names itself as the client did, or as the proxy called it.
  const origins = [pending.host, ctx.outgoingHost, ctx.backendHost].map(normalHost);
  for (const name of ["Location", "Content-Location"]) {
    const url = resolve(ctx.response.headers.get(name), pending);
    if (url === null || !origins.includes(url.host)) continue;
    const path = outgoingPath(decodePath(url.pathname), url.pathname, false);
    found.push(keys.at(ctx.routeId, pending.host, path, url.search.slice(1), pending.headers));
  }
  return found;
}

function resolve(reference: string | undefined, { host, path, query }: PendingRequest): URL | null {
  const base = `http://${host}${path}${query === "" ? "" : `?${query}`}`;
  return reference === undefined ? null : URL.parse(reference, base);
}

/** In lower case and without the port that is meant anyway. */
function normalHost(host: string): string {
  const url = host === "" ? null : URL.parse(`http://${host}/`);
  return url === null ? "" : url.port === "443" ? url.hostname : url.host;
}
