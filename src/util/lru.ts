// A map with a bound: the entry that was not used for the longest time goes first. For memos on the control path and small caches.

export class LruMap<K, V> {
  readonly #limit: number;
  /** In order of use, the oldest first: a Map keeps the order of insertion. */
  readonly #entries = new Map<K, V>();

  /** `limit`: largest number of entries, at least 1. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  get(key: K): V | undefined {
    const value = this.#entries.get(key);
    if (value === undefined) return undefined;
    this.#entries.delete(key);
    this.#entries.set(key, value);
    return value;
  }

  /** Adds or replaces an entry and makes it the youngest. `undefined` is not a value. */
  set(key: K, value: V): void {
    this.#entries.delete(key);
    this.#entries.set(key, value);
    if (this.#entries.size <= this.#limit) return;
    for (const oldest of this.#entries.keys()) {
      this.#entries.delete(oldest);
      return;
    }
  }

  delete(key: K): boolean {
    return this.#entries.delete(key);
  }

  get size(): number {
    return this.#entries.size;
  }
}
