// What happened during a soak: how often each kind of work went right, and every failure that has no cause in the test itself.

const keptFailures = 50;
/** A worker that takes the place of a crashed one listens well before. */
const crashGapMs = 1500;

export class Ledger {
  readonly #done = new Map<string, number>();
  readonly #failures: string[] = [];
  #failed = 0;
  #crashedAt = Number.NEGATIVE_INFINITY;
  readonly #startedAt = performance.now();

  done(work: string): void {
    this.#done.set(work, (this.#done.get(work) ?? 0) + 1);
  }

  /** A worker crashes now: what runs has a cause to fail, and so has what meets the gap until another worker listens. */
  crash(): void {
    this.#crashedAt = performance.now();
  }

  /** `startedAt`: when the work began that failed. */
  fail(work: string, reason: string, startedAt: number): void {
    if (startedAt < this.#crashedAt + crashGapMs) {
      this.done("failures by a crashed worker");
      return;
    }
    this.#failed++;
    const seconds = ((performance.now() - this.#startedAt) / 1000).toFixed(1);
    if (this.#failures.length < keptFailures) this.#failures.push(`${seconds} s: ${work}: ${reason}`);
  }

  get failed(): number {
    return this.#failed;
  }

  /** The first failures, in order. */
  get failures(): readonly string[] {
    return this.#failures;
  }

  get counts(): Readonly<Record<string, number>> {
    return Object.fromEntries([...this.#done].toSorted());
  }
}
