// Looks an entry up: directly under the key of a request, or over the second level where responses vary.

import type { Headers } from "../../http/headers.ts";
import type { ResponseStore, StoreKey } from "../../spec/response-store.ts";
import type { CacheKeys } from "./cache-key.ts";
import { decodeStored, type StoredResponse, type StoredVariants } from "./stored-response.ts";

export interface StoredEntry {
  /** Where the response lies, or would. */
  readonly key: StoreKey;
  /** Null when there is none. */
  readonly stored: StoredResponse | null;
  readonly stamp: number;
}

/** The entry for a request with these headers. */
export function lookUp(store: ResponseStore, keys: CacheKeys, key: StoreKey, headers: Headers): StoredEntry {
  const head = store.find(key);
  if (head === null) return { key, stored: null, stamp: 0 };
  const first = decodeStored(head.head);
  if (first.kind === "response") return { key, stored: first, stamp: head.stamp };
  const variantKey = keys.variant(key, first, headers);
  const variant = store.find(variantKey);
  const stored = variant === null ? null : decodeStored(variant.head);
  return { key: variantKey, stored: stored?.kind === "response" ? stored : null, stamp: variant?.stamp ?? 0 };
}

/** What stands under the key about variants, null when there is nothing. */
export function lookUpVariants(store: ResponseStore, key: StoreKey): StoredVariants | null {
  const head = store.find(key);
  const first = head === null ? null : decodeStored(head.head);
  return first?.kind === "variants" ? first : null;
}
