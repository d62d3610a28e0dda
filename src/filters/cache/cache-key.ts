// Keys of stored responses (spec filters 9.5): what a request asks for, as it looks where the filter stands, and the second level for
// responses that vary.

import type { Headers } from "../../http/headers.ts";
import { outgoingPath } from "../../http/path.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { StoreKey } from "../../spec/response-store.ts";
import { crypto } from "../../util/lazy-builtin.ts";
import type { StoredVariants } from "./stored-response.ts";

export class CacheKeys {
  readonly #keyHeaders: readonly string[];
  readonly #hash: typeof import("node:crypto").hash;

  /** `keyHeaders`: request headers whose first values belong to the key. */
  constructor(keyHeaders: readonly string[]) {
    this.#keyHeaders = keyHeaders;
    this.#hash = crypto().hash;
  }

  /** The key of the request. */
  of(ctx: FilterContext): StoreKey {
    const { host, path, rawPath, rawQuery, headers } = ctx.request;
    // Encoded as the backend gets it: two paths that decode to the same one may be different things to it.
    return this.at(ctx.routeId, host, outgoingPath(path, rawPath, false), rawQuery, headers);
  }

  /** The key of another target at the same route, for a request with these headers. */
  at(routeId: string, host: string, encodedPath: string, query: string, headers: Headers): StoreKey {
    return this.#digest([
      routeId,
      host,
      encodedPath,
      query,
      ...this.#keyHeaders.map((name) => headers.get(name) ?? null),
    ]);
  }

  /** The key of what a filter with these settings has one of at its route, in whatever worker it stands. */
  ofFilter(routeId: string, settings: object): StoreKey {
    return this.#digest([routeId, JSON.stringify(settings), ...this.#keyHeaders]);
  }

  /** The key of the variant for a request with these headers. */
  variant(key: StoreKey, variants: StoredVariants, headers: Headers): StoreKey {
    const values = variants.names.map((name) => normalised(headers, name));
    return this.#digest([key.join(), variants.nonce, ...values]);
  }

  /** JSON keeps the parts apart, and what is missing apart from what is empty. */
  #digest(parts: readonly (string | null)[]): StoreKey {
    const key = new Int32Array(8);
    Buffer.from(key.buffer).set(this.#hash("sha256", JSON.stringify(parts), "buffer"));
    return key;
  }
}

/** All values of a header as one, without the blanks that mean nothing (RFC 9111 4.1); null when it is missing. */
function normalised(headers: Headers, name: string): string | null {
  if (!headers.has(name)) return null;
  return headers
    .getAll(name)
    .join(",")
    .split(",")
    .map((value) => value.trim())
    .join(",");
}

/** The names in Vary, in lower case and sorted, each once; null for `*`, which no later request matches. */
export function varyNames(headers: Headers): readonly string[] | null {
  if (!headers.has("Vary")) return [];
  const names = headers
    .getAll("Vary")
    .join(",")
    .split(",")
    .map((name) => name.trim().toLowerCase())
    .filter((name) => name !== "");
  return names.includes("*") ? null : [...new Set(names)].sort();
}
