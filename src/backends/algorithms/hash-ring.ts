// The ring of consistentHash: 100 points for every endpoint, sorted (spec resilience 6.2). Depends on the texts of the endpoints
// alone, so every instance has the same ring; hashes of 64 bits lie in two arrays of 32.

import type { Hash64 } from "../../observability/mask-query.ts";

const POINTS_PER_ENDPOINT = 100;

export class HashRing {
  /** The endpoint of each point, in the order of the points. */
  readonly owners: Int32Array;
  readonly #high: Uint32Array;
  readonly #low: Uint32Array;
  readonly #hash: Hash64;
  /** A hash as a whole and as its halves. */
  readonly #halves = new DataView(new ArrayBuffer(8));
  readonly #key = Buffer.alloc(1024);

  /** `addresses` are byte strings. */
  constructor(addresses: readonly string[], hash: Hash64) {
    this.#hash = hash;
    const points = addresses.length * POINTS_PER_ENDPOINT;
    const high = new Uint32Array(points);
    const low = new Uint32Array(points);
    for (let point = 0; point < points; point++) {
      const address = addresses[Math.floor(point / POINTS_PER_ENDPOINT)]!;
      this.#hashText(`${address}-${point % POINTS_PER_ENDPOINT}`);
      high[point] = this.#halves.getUint32(0);
      low[point] = this.#halves.getUint32(4);
    }
    const order = new Uint32Array(points).map((_, i) => i);
    order.sort((a, b) => high[a]! - high[b]! || low[a]! - low[b]!);
    this.#high = Uint32Array.from(order, (point) => high[point]!);
    this.#low = Uint32Array.from(order, (point) => low[point]!);
    this.owners = Int32Array.from(order, (point) => Math.floor(point / POINTS_PER_ENDPOINT));
  }

  /** The first point at or behind the hash of the key (a byte string); the first of all when there is none. */
  find(key: string): number {
    this.#hashText(key);
    const high = this.#halves.getUint32(0);
    const low = this.#halves.getUint32(4);
    let from = 0;
    let to = this.owners.length;
    while (from < to) {
      const middle = (from + to) >>> 1;
      const before = this.#high[middle]! < high || (this.#high[middle] === high && this.#low[middle]! < low);
      if (before) from = middle + 1;
      else to = middle;
    }
    return from === this.owners.length ? 0 : from;
  }

  #hashText(text: string): void {
    const bytes = text.length <= this.#key.length ? this.#key : Buffer.alloc(text.length);
    const length = bytes.write(text, 0, "latin1");
    this.#halves.setBigUint64(0, this.#hash(bytes.subarray(0, length)));
  }
}
