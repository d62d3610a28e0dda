// Which coding a client likes best (RFC 9110 12.5.3 in the reading of spec filters 7.2).

import { type Coding, isCoding } from "../../http/content-coding.ts";

/**
 * The best of `offered`, which are in the order of the server; null when the header names none of them. The highest weight wins, the
 * server's order among equals. `*` counts for nothing, and a weight of 0 is only the lowest (a quirk that clients have come to know).
 */
export function bestCoding(acceptEncoding: string, offered: readonly Coding[]): Coding | null {
  let best: Coding | null = null;
  let bestWeight = -1;
  for (const item of acceptEncoding.split(",")) {
    const semicolon = item.indexOf(";");
    const name = (semicolon < 0 ? item : item.slice(0, semicolon)).trim().toLowerCase();
    if (!isCoding(name) || !offered.includes(name)) continue;
    const weight = weightOf(semicolon < 0 ? "" : item.slice(semicolon + 1));
    const wins = weight > bestWeight || (weight === bestWeight && offered.indexOf(name) < offered.indexOf(best!));
    if (!wins) continue;
    best = name;
    bestWeight = weight;
  }
  return best;
}

/** The weight in `q=0.5`; 1 for whatever is no weight from 0 to 1. */
function weightOf(parameters: string): number {
  const text = /^q=([^;\s]+)/.exec(parameters)?.[1];
  const weight = text === undefined ? Number.NaN : Number(text);
  return weight >= 0 && weight <= 1 ? weight : 1;
}
