// Routes from etcd (spec route-sources 5): one full load, then every poll a batch of changes gathered by long polls. Any failure
// leads back to a full load; the routes that were delivered stay meanwhile.

import type { Logger } from "../observability/log.ts";
import type { DataClient, DataClientHost, RouteTransaction } from "../spec/data-client.ts";
import { EtcdClient, type EtcdEntry, type EtcdEvent, type EtcdSettings } from "./etcd-client.ts";
import { readEtcdEntry } from "./etcd-routes.ts";

/** A batch ends here even when changes keep coming, so that they get in force. */
const MAX_BATCH = 1000;

/** `pollMs` is the pause between polls in milliseconds. */
export class EtcdDataClient implements DataClient {
  readonly name = "etcd";
  readonly #client: EtcdClient;
  readonly #pollMs: number;
  readonly #log: Logger;
  #timer: NodeJS.Timeout | undefined;
  #stopped = false;
  /** True when the next step is a full load. */
  #fullLoad = true;
  #index = 0;

  constructor(settings: EtcdSettings, pollMs: number, log: Logger) {
    this.#client = new EtcdClient(settings);
    this.#pollMs = pollMs;
    this.#log = log;
  }

  async start(host: DataClientHost): Promise<void> {
    await this.#loadAll(host);
    this.#schedule(host);
  }

  stop(): void {
    this.#stopped = true;
    clearTimeout(this.#timer);
    this.#client.close();
  }

  #schedule(host: DataClientHost): void {
    if (this.#stopped) return;
    this.#timer = setTimeout(() => {
      void this.#poll(host).then(() => this.#schedule(host));
    }, this.#pollMs);
  }

  async #poll(host: DataClientHost): Promise<void> {
    if (!this.#fullLoad && (await this.#loadUpdate(host))) return;
    if (!this.#stopped) await this.#loadAll(host);
  }

  async #loadAll(host: DataClientHost): Promise<void> {
    this.#fullLoad = true;
    try {
      const { entries, index } = await this.#client.list();
      if (this.#stopped) return;
      host.apply(true, (transaction) => {
        transaction.reset();
        for (const entry of entries) this.#upsert(transaction, entry);
      });
      this.#index = index;
      this.#fullLoad = false;
    } catch (error) {
      if (!this.#stopped) host.failed(true, reasonOf(error));
    }
  }

  /** False when it failed. */
  async #loadUpdate(host: DataClientHost): Promise<boolean> {
    try {
      const events: EtcdEvent[] = [];
      let index = this.#index;
      while (events.length < MAX_BATCH) {
        const event = await this.#client.watch(index);
        if (event === null) break;
        index = Math.max(index + 1, event.index);
        events.push(event);
      }
      if (this.#stopped) return true;
      this.#applyEvents(host, events);
      this.#index = index;
      return true;
    } catch (error) {
      if (!this.#stopped) host.failed(false, reasonOf(error));
      return false;
    }
  }

  /** Only the last change of a key counts; one that does not parse leaves the route as it was. */
  #applyEvents(host: DataClientHost, events: readonly EtcdEvent[]): void {
    const last = new Map<string, EtcdEvent>();
    for (const event of events) if (event.entry !== null) last.set(event.entry.id, event);
    if (last.size === 0) return;
    host.apply(false, (transaction) => {
      for (const [id, event] of last) {
        if (event.deleted) transaction.delete(id);
        else if (event.entry !== null) this.#upsert(transaction, event.entry);
      }
    });
  }

  #upsert(transaction: RouteTransaction, entry: EtcdEntry): void {
    const read = readEtcdEntry(entry);
    if ("route" in read) transaction.upsert(read.route);
    else this.#log.error(`error while parsing routes ${entry.id} ${read.error}`);
  }
}

function reasonOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
