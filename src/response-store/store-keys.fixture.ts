// Keys of the store's tests: even numbers in shard 0, odd ones in shard 1.

import type { StoreKey } from "../spec/response-store.ts";

export function keyOf(n: number): StoreKey {
  return Int32Array.of(n % 2, n, n, n, n, n, n, n);
}
