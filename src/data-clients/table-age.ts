// Where the table of a remote source came from, and how long ago it was known to be the present one. Shown as metrics and in the
// headers of /routes on the support listener.

/** "none" before the first table. */
export type TableSource = "none" | "routes-url" | "cache-file" | "kubernetes";

export class TableAge {
  #source: TableSource = "none";
  /** Milliseconds since 1970. */
  #confirmedMs = Date.now();
  #isInStep: (() => boolean) | null = null;

  get source(): TableSource {
    return this.#source;
  }

  /** The table in force is that of this source, which had it at that time (milliseconds since 1970). */
  confirm(source: TableSource, atMs: number = Date.now()): void {
    this.#source = source;
    this.#confirmedMs = atMs;
    this.#isInStep = null;
  }

  /** From now on the table is that of a source that says by itself whether it is in step. */
  follow(source: TableSource, isInStep: () => boolean): void {
    this.confirm(source);
    this.#isInStep = isInStep;
  }

  /** Since the source was last known to have this table, in seconds; before the first table since the start. */
  get seconds(): number {
    if (this.#isInStep?.() === true) this.#confirmedMs = Date.now();
    return Math.max(0, Date.now() - this.#confirmedMs) / 1000;
  }
}
