// Latencies in buckets whose width grows with the value (1/32 of it), so that a run of any length costs the same few kilobytes.

const stepsPerOctave = 32;
const octaves = 32;

export class Histogram {
  readonly #counts = new Uint32Array(stepsPerOctave * octaves);
  #total = 0;
  #max = 0;

  get total(): number {
    return this.#total;
  }

  get max(): number {
    return this.#max;
  }

  /** `value` is any number from 0, e.g. of microseconds. */
  add(value: number): void {
    this.#counts[bucketOf(value)]!++;
    this.#total++;
    if (value > this.#max) this.#max = value;
  }

  /** The value below which the given share (0 to 1) lies: upper edge of its bucket; 0 when nothing was added. */
  quantile(share: number): number {
    const wanted = Math.max(1, Math.ceil(this.#total * share));
    if (this.#total === 0) return 0;
    let seen = 0;
    for (let i = 0; i < this.#counts.length; i++) {
      seen += this.#counts[i]!;
      if (seen >= wanted) return Math.min(upperEdge(i), this.#max);
    }
    return this.#max;
  }

  reset(): void {
    this.#counts.fill(0);
    this.#total = 0;
    this.#max = 0;
  }
}

function bucketOf(value: number): number {
  const whole = Math.floor(value);
  if (whole < stepsPerOctave) return Math.max(0, whole);
  const octave = 31 - Math.clz32(whole) - 5;
  return Math.min((octave + 1) * stepsPerOctave + (whole >>> octave) - stepsPerOctave, stepsPerOctave * octaves - 1);
}

function upperEdge(bucket: number): number {
  if (bucket < stepsPerOctave) return bucket + 1;
  const octave = Math.floor(bucket / stepsPerOctave) - 1;
  return ((bucket % stepsPerOctave) + stepsPerOctave + 1) * 2 ** octave;
}
