// A data client of a plugin as a source of the routing table: when its code is loaded anew the new client takes its place, and its routes
// stay until the new one has delivered.

import type { Logger } from "../observability/log.ts";
import type { DataClient, DataClientHost } from "../spec/data-client.ts";
import { formatDuration } from "../util/duration.ts";

/** A client that runs, and the gate through which it delivers. */
interface Running {
  readonly client: DataClient;
  /** False: what it delivers is dropped, as another one has taken over. */
  isOpen: boolean;
}

export class PluginSource implements DataClient {
  readonly name: string;
  readonly #log: Logger;
  readonly #startLimitMs: number;
  #running: Running;
  #host: DataClientHost | null = null;

  /** `startLimitMs`: how long the start of the proxy waits for the first routes; Infinity: to the end. */
  constructor(client: DataClient, log: Logger, startLimitMs: number) {
    this.name = client.name;
    this.#running = { client, isOpen: true };
    this.#log = log;
    this.#startLimitMs = startLimitMs;
  }

  start(host: DataClientHost): Promise<void> {
    this.#host = host;
    return this.#begin(this.#running, host);
  }

  stop(): void {
    this.#host = null;
    this.#end(this.#running);
  }

  /** Starts a new client; the present one is stopped when that went well. */
  async replace(client: DataClient): Promise<void> {
    const host = this.#host;
    const former = this.#running;
    const next: Running = { client, isOpen: true };
    if (host === null) return;
    try {
      await this.#begin(next, {
        apply(initial, write) {
          former.isOpen = false;
          host.apply(initial, write);
        },
        failed: (initial, reason) => host.failed(initial, reason),
      });
    } catch (error) {
      this.#end(next);
      former.isOpen = true;
      host.failed(
        true,
        `data client ${this.name}: its new version does not start, the former goes on: ${textOf(error)}`,
      );
      return;
    }
    this.#running = next;
    this.#end(former);
    if (this.#host === null) this.#end(next);
  }

  async #begin(running: Running, host: DataClientHost): Promise<void> {
    const gate: DataClientHost = {
      apply(initial, write) {
        if (running.isOpen) host.apply(initial, write);
      },
      failed(initial, reason) {
        if (running.isOpen) host.failed(initial, String(reason));
      },
    };
    const started = Promise.resolve().then(() => running.client.start(gate));
    if (this.#startLimitMs === Number.POSITIVE_INFINITY) return started;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(() => {
      const limit = formatDuration(this.#startLimitMs);
      this.#log.warn(`data client ${this.name}: start has not ended after ${limit} and is not waited for any longer`);
      resolve();
    }, this.#startLimitMs);
    try {
      await Promise.race([started, promise]);
    } finally {
      clearTimeout(timer);
    }
  }

  #end(running: Running): void {
    running.isOpen = false;
    try {
      running.client.stop();
    } catch (error) {
      this.#log.error(`data client ${this.name}: stop: ${textOf(error)}`);
    }
  }
}

function textOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
