// Counts the states of client connections (-enable-connection-metrics, spec observability 6): each counter counts how often a
// connection came into a state. Null in Proxy when the option is off. Called by the listener and by the connections.

import type { CounterHandle, WorkerMetrics } from "../observability/worker-metrics.ts";

export class ConnectionMetrics {
  readonly #new: CounterHandle;
  readonly #active: CounterHandle;
  readonly #idle: CounterHandle;
  readonly #hijacked: CounterHandle;
  readonly #closed: CounterHandle;
  readonly #tooOld: CounterHandle;
  readonly #tooManyRequests: CounterHandle;

  constructor(metrics: WorkerMetrics) {
    this.#new = metrics.customCounter("lb-conn-new");
    this.#active = metrics.customCounter("lb-conn-active");
    this.#idle = metrics.customCounter("lb-conn-idle");
    this.#hijacked = metrics.customCounter("lb-conn-hijacked");
    this.#closed = metrics.customCounter("lb-conn-closed");
    this.#tooOld = metrics.customCounter("lb-conn-closed.keepalive");
    this.#tooManyRequests = metrics.customCounter("lb-conn-closed.keepalive-requests");
  }

  /** Accepted. */
  accepted(): void {
    this.#new.add(1);
  }

  /** A request head came, good or bad. */
  active(): void {
    this.#active.add(1);
  }

  /** A response is out, and the connection waits for the next request. */
  idle(): void {
    this.#idle.add(1);
  }

  /** Became the tunnel of an upgrade; its end is not counted. */
  hijacked(): void {
    this.#hijacked.add(1);
  }

  closed(): void {
    this.#closed.add(1);
  }

  /** The response to this request is the last one: of a connection of that age, or after so many requests. */
  expired(byAge: boolean): void {
    if (byAge) this.#tooOld.add(1);
    else this.#tooManyRequests.add(1);
  }
}
