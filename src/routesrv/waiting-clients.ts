// Clients that have the present table and wait for the next one (Prefer: wait, RFC 7240). One change answers all of them at once; each
// answer is written on its own, and nobody waits for a client that reads slowly. A waiting client costs its connection and one entry.

import type { ServerResponse } from "node:http";
import type { ServerMetrics } from "./server-metrics.ts";

/** Waits end within this time after they are over. */
const TICK_MS = 500;

interface Waiting {
  readonly response: ServerResponse;
  readonly zone: string;
  readonly hash: string;
  /** performance.now() when it is answered without a change. */
  readonly endMs: number;
  readonly resolve: (isThere: boolean) => void;
}

export class WaitingClients {
  readonly #waiting = new Set<Waiting>();
  readonly #metrics: ServerMetrics;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;

  constructor(metrics: ServerMetrics) {
    this.#metrics = metrics;
  }

  /** True when there is something to answer: the text of the zone is another one, or the time is over. False: the client is gone. */
  wait(response: ServerResponse, zone: string, hash: string, seconds: number): Promise<boolean> {
    if (this.#stopped) return Promise.resolve(true);
    return new Promise((resolve) => {
      const entry: Waiting = { response, zone, hash, endMs: performance.now() + seconds * 1000, resolve };
      this.#waiting.add(entry);
      this.#count();
      response.once("close", () => {
        if (!this.#waiting.delete(entry)) return;
        this.#count();
        resolve(false);
      });
      this.#timer ??= setInterval(() => this.#tick(), TICK_MS).unref();
    });
  }

  /** Answers those whose text is not the present one any more. */
  published(hashOf: (zone: string) => string): void {
    const hashes = new Map<string, string>();
    for (const entry of this.#waiting) {
      let hash = hashes.get(entry.zone);
      if (hash === undefined) {
        hash = hashOf(entry.zone);
        hashes.set(entry.zone, hash);
      }
      if (hash !== entry.hash) this.#answer(entry);
    }
  }

  /** Answers everybody, and from now on at once: the server ends. */
  stop(): void {
    this.#stopped = true;
    clearInterval(this.#timer);
    for (const entry of this.#waiting) this.#answer(entry);
  }

  #answer(entry: Waiting): void {
    this.#waiting.delete(entry);
    this.#count();
    entry.resolve(true);
  }

  #count(): void {
    this.#metrics.gauge("clients.waiting", this.#waiting.size);
  }

  #tick(): void {
    const now = performance.now();
    for (const entry of this.#waiting) if (entry.endMs <= now) this.#answer(entry);
    if (this.#waiting.size > 0) return;
    clearInterval(this.#timer);
    this.#timer = undefined;
  }
}
