// How many proxies read from this server: the connections on which deltas were asked for, as each proxy keeps one. The greatest number
// of the last minutes is told: proxies that have just lost their connections are still there.

import type { Socket } from "node:net";
import type { ServerMetrics } from "./server-metrics.ts";

/** The present and the last period of this length count. */
const PERIOD_MS = 300_000;

export class FleetSize {
  readonly #metrics: Pick<ServerMetrics, "gauge">;
  readonly #now: () => number;
  readonly #sockets = new Set<Socket>();
  #peak = 0;
  #lastPeak = 0;
  /** When the present period ends. */
  #end: number;

  /** `now`: milliseconds of a clock that only goes forward. */
  constructor(metrics: Pick<ServerMetrics, "gauge">, now: () => number = () => performance.now()) {
    this.#metrics = metrics;
    this.#now = now;
    this.#end = now() + PERIOD_MS;
  }

  /** A proxy asked on this connection. */
  seen(socket: Socket): void {
    if (this.#sockets.has(socket)) return;
    this.#roll();
    this.#sockets.add(socket);
    this.#peak = Math.max(this.#peak, this.#sockets.size);
    this.#show();
    socket.once("close", () => {
      this.#roll();
      this.#sockets.delete(socket);
      this.#show();
    });
  }

  get size(): number {
    this.#roll();
    return Math.max(this.#peak, this.#lastPeak);
  }

  #roll(): void {
    const now = this.#now();
    if (now < this.#end) return;
    // Two periods without a look: what was before the last one is over.
    this.#lastPeak = now < this.#end + PERIOD_MS ? this.#peak : this.#sockets.size;
    this.#peak = this.#sockets.size;
    this.#end = now + PERIOD_MS;
  }

  #show(): void {
    this.#metrics.gauge("clients.connected", this.#sockets.size);
  }
}
