// Plugins that the workers are asked to load, from the question to the last answer. Called by the supervisor.

import type { PluginVersion } from "../plugins/load-plugin.ts";
import type { ToWorker } from "./messages.ts";

export class PluginOffer<W> {
  readonly message: Extract<ToWorker, { type: "loadPlugins" }>;
  /** Resolves with why they cannot be used, "" when all workers can. */
  readonly result: Promise<string>;
  readonly #asked = new Set<W>();
  #settle: (problem: string) => void = () => {};

  constructor(serial: number, plugins: readonly PluginVersion[]) {
    this.message = { type: "loadPlugins", serial, plugins };
    this.result = new Promise((resolve) => {
      this.#settle = resolve;
    });
  }

  ask(worker: W): void {
    this.#asked.add(worker);
  }

  answered(worker: W, serial: number, problem: string): void {
    if (serial !== this.message.serial) return;
    this.#asked.delete(worker);
    if (problem !== "") this.#settle(problem);
    this.settleWhenDone();
  }

  /** A worker that ends instead of answering has probably ended of what it was to load. */
  left(worker: W): void {
    if (this.#asked.delete(worker)) this.#settle("a worker ended while it loaded them");
  }

  settleWhenDone(): void {
    if (this.#asked.size === 0) this.#settle("");
  }
}
