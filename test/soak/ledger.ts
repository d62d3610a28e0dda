// What happened during a soak: how often each kind of work went right, and every failure that has no cause in the test itself.

const keptFailures = 50;

export class Ledger {
  readonly #done = new Map<string, number>();
  readonly #failures: string[] = [];
  #failed = 0;
  readonly #startedAt = performance.now();

  done(work: string): void {
    this.#done.set(work, (this.#done.get(work) ?? 0) + 1);
  }

  fail(work: string, reason: string): void {
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
