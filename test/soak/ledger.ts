// What happened during a soak: how often each kind of work went right, and every failure that has no cause in the test itself.

const keptFailures = 50;

export class Ledger {
  readonly #done = new Map<string, number>();
  readonly #failures: string[] = [];
  #failed = 0;
  #excusedUntil = 0;
  readonly #startedAt = performance.now();

  done(work: string): void {
    this.#done.set(work, (this.#done.get(work) ?? 0) + 1);
  }

  /** Failures that end within `ms` from now have a cause: they are counted apart. */
  excuse(ms: number): void {
    this.#excusedUntil = performance.now() + ms;
  }

  fail(work: string, reason: string): void {
    if (performance.now() < this.#excusedUntil) {
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
