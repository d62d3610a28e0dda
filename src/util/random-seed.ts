// Secret starting points of hash tables whose keys come from outside, so that nobody can choose keys that collide.

import { closeSync, openSync, readSync } from "node:fs";
import { crypto } from "./lazy-builtin.ts";

/** A number from 1 to 2^31 - 1 that nobody can guess. From the kernel where it has it so: node:crypto takes 4 MB (budget P9). */
export function randomSeed(): number {
  const word = new Uint32Array(1);
  try {
    const device = openSync("/dev/urandom", "r");
    try {
      if (readSync(device, word) < word.byteLength) return fromCrypto();
    } finally {
      closeSync(device);
    }
  } catch {
    return fromCrypto();
  }
  return 1 + (word[0]! % (2 ** 31 - 1));
}

function fromCrypto(): number {
  return crypto().randomInt(1, 2 ** 31);
}
