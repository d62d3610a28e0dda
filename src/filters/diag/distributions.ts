// Random delays (spec filters 8). All take a source of numbers in [0, 1) and give milliseconds.

/** Evenly between `mean - delta` and `mean + delta`. */
export function uniform(mean: number, delta: number, random: () => number): number {
  return mean + (random() * 2 - 1) * delta;
}

/** Normally distributed (Box and Muller). */
export function normal(mean: number, sigma: number, random: () => number): number {
  // 1 - random() is never 0, whose logarithm is not a number to wait for.
  return mean + sigma * Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
}

/** Buckets between increasing boundaries, each with a weight: one weight fewer than boundaries. */
export interface Histogram {
  readonly boundariesMs: readonly number[];
  readonly weights: readonly number[];
}

/** Chooses a bucket by weight and a place in it evenly. */
export function fromHistogram(histogram: Histogram, random: () => number): number {
  const { boundariesMs, weights } = histogram;
  let total = 0;
  for (const weight of weights) total += weight;
  let left = random() * total;
  let bucket = 0;
  while (bucket < weights.length - 1 && left >= weights[bucket]!) left -= weights[bucket++]!;
  const from = boundariesMs[bucket]!;
  return from + random() * (boundariesMs[bucket + 1]! - from);
}
