// A host for data clients that keeps the routes they deliver and counts what they touched.

import type { Route } from "../../src/eskip/route.ts";
import type { DataClientHost, RouteTransaction } from "../../src/spec/data-client.ts";

export class RecordingHost implements DataClientHost {
  routes = new Map<string, Route>();
  /** `initial`, upserted and deleted ids of each transaction. */
  readonly transactions: { initial: boolean; upserts: string[]; deletes: string[] }[] = [];
  readonly failures: { initial: boolean; reason: string }[] = [];
  readonly #waiting = new Set<() => void>();

  apply(initial: boolean, write: (transaction: RouteTransaction) => void): void {
    const routes = new Map(this.routes);
    const record = { initial, upserts: [] as string[], deletes: [] as string[] };
    let reset = false;
    write({
      reset: () => {
        reset = true;
        routes.clear();
      },
      upsert: (route) => {
        record.upserts.push(route.id);
        routes.set(route.id, route);
      },
      delete: (id) => {
        record.deletes.push(id);
        routes.delete(id);
      },
    });
    if (!reset && record.upserts.length + record.deletes.length === 0) return;
    this.routes = routes;
    this.transactions.push(record);
    this.#changed();
  }

  failed(initial: boolean, reason: string): void {
    this.failures.push({ initial, reason });
    this.#changed();
  }

  /** Resolves when `condition` holds after some event; rejects after twenty seconds. */
  until(condition: () => boolean): Promise<void> {
    if (condition()) return Promise.resolve();
    return new Promise((resolve, reject) => {
      const timer = setTimeout(() => {
        this.#waiting.delete(look);
        reject(
          new Error(`condition not met; ${JSON.stringify([this.transactions.slice(-3), this.failures.slice(-3)])}`),
        );
      }, 20_000);
      const look = (): void => {
        if (!condition()) return;
        clearTimeout(timer);
        this.#waiting.delete(look);
        resolve();
      };
      this.#waiting.add(look);
    });
  }

  #changed(): void {
    for (const look of this.#waiting) look();
  }
}
