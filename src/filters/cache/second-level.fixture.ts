// A second level that several scenarios share: a map, in one thread, with the clock of the test. Writes happen when the test says so.

import type { StoreKey } from "../../spec/response-store.ts";
import type { NoEntry, SecondLevel, SharedEntry, SharedWrite } from "../../spec/second-level.ts";

interface Kept {
  readonly head: string;
  readonly body: Uint8Array;
  readonly sinceMs: number;
  readonly untilMs: number;
}

export class PlainSecondLevel implements SecondLevel {
  readonly entryLimitBytes = 1000;
  nowMs = 0;
  /** What every lookup gives in place of an entry. */
  fails: NoEntry | null = null;
  /** Lookups, one for each call. */
  lookups = 0;
  readonly entries = new Map<string, Kept>();
  readonly #writes: SharedWrite[] = [];

  async find(key: StoreKey, leadsTo: (entry: SharedEntry) => StoreKey | null): Promise<SharedEntry | NoEntry> {
    this.lookups++;
    if (this.fails !== null) return this.fails;
    const found = this.#at(key);
    const next = found === null ? null : leadsTo(found);
    return (next === null ? found : this.#at(next)) ?? "miss";
  }

  #at(key: StoreKey): SharedEntry | null {
    const kept = this.entries.get(key.join());
    if (kept === undefined || kept.untilMs <= this.nowMs) return null;
    const { head, body, sinceMs, untilMs } = kept;
    return { head, body, sinceMs: this.nowMs - sinceMs, leftMs: untilMs - this.nowMs };
  }

  store(write: SharedWrite): void {
    this.#writes.push(write);
  }

  /** Writes what waits. */
  async settle(): Promise<void> {
    // A variant is written after a lookup.
    await new Promise(setImmediate);
    for (let write = this.#writes.shift(); write !== undefined; write = this.#writes.shift()) {
      const content = await write.load();
      if (content === null) continue;
      const { head, body, lifetimeMs } = content;
      this.entries.set(write.key.join(), { head, body, sinceMs: this.nowMs, untilMs: this.nowMs + lifetimeMs });
      if (!write.isCurrent()) await this.remove(write.key);
    }
  }

  async remove(key: StoreKey): Promise<void> {
    this.entries.delete(key.join());
  }
}
