// Which server has a key: the one whose score for it is the highest. All proxies that name the same servers agree, in whatever order
// they name them, and when one comes or goes only its own keys move.

import type { StoreKey } from "../../spec/response-store.ts";
import { crypto } from "../../util/lazy-builtin.ts";

/** What stands for a server in the scores. */
export function seedOf(name: string): number {
  return crypto().hash("sha256", name, "buffer").readInt32LE(0);
}

/** The index of the server that has the key. */
export function rendezvous(key: StoreKey, seeds: readonly number[]): number {
  let best = 0;
  let highest = -1;
  for (let i = 0; i < seeds.length; i++) {
    const score = mixed(key[6]! ^ seeds[i]!, key[7]!);
    if (score <= highest) continue;
    highest = score;
    best = i;
  }
  return best;
}

/** Every bit of the result depends on every bit of both (the finish of MurmurHash3). */
function mixed(a: number, b: number): number {
  let h = Math.imul(a, 0x9e3779b1) ^ b;
  h = Math.imul(h ^ (h >>> 16), 0x85ebca6b);
  h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
  return (h ^ (h >>> 16)) >>> 0;
}
