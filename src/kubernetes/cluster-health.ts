// Whether the cluster is seen: which kinds fail, since when, and what is said about it. The routes of the last good state stay in
// force meanwhile. Each reason is told once in an outage, and so is its end; how long it lasts stands in a metric.

import type { ApplicationLog } from "../observability/log.ts";
import { ApiError } from "./api-error.ts";
import type { KubernetesMetrics } from "./metrics.ts";
import type { Kind } from "./objects.ts";

const TICK_MS = 1000;
/** Reasons of one outage that are remembered. */
const MAX_REASONS = 100;

export interface ClusterHealthOptions {
  readonly log: ApplicationLog;
  readonly metrics: KubernetesMetrics;
  /** Tells a new reason; the message is that of the error. */
  report(message: string): void;
}

export class ClusterHealth {
  readonly #options: ClusterHealthOptions;
  readonly #failing = new Set<Kind>();
  readonly #told = new Set<string>();
  /** performance.now() when everything was seen for the last time. */
  #sinceMs = performance.now();
  #timer: NodeJS.Timeout | undefined;

  constructor(options: ClusterHealthOptions) {
    this.#options = options;
  }

  stop(): void {
    clearInterval(this.#timer);
    // Nobody looks any more, so nothing is out of sight.
    if (this.#failing.size > 0) this.#options.metrics.gauge("kubernetes.last_known_good_age", 0);
  }

  isFailing(kind: Kind): boolean {
    return this.#failing.has(kind);
  }

  failed(kind: Kind, error: Error): void {
    const { log, metrics, report } = this.#options;
    if (this.#failing.size === 0) {
      this.#sinceMs = performance.now();
      this.#timer = setInterval(() => this.#showAge(), TICK_MS).unref();
    }
    this.#failing.add(kind);
    metrics.count("kubernetes.failures");
    const reason = error instanceof ApiError ? error.reason : error.message;
    if (this.#told.has(reason) || this.#told.size >= MAX_REASONS) log.debug(error.message);
    else {
      this.#told.add(reason);
      report(error.message);
    }
  }

  inStep(kind: Kind): void {
    if (!this.#failing.delete(kind) || this.#failing.size > 0) return;
    clearInterval(this.#timer);
    this.#told.clear();
    const seconds = Math.round((performance.now() - this.#sinceMs) / 1000);
    this.#options.log.info(`the Kubernetes API is in sight again after ${seconds}s`);
    this.#options.metrics.gauge("kubernetes.last_known_good_age", 0);
  }

  #showAge(): void {
    const seconds = (performance.now() - this.#sinceMs) / 1000;
    this.#options.metrics.gauge("kubernetes.last_known_good_age", seconds);
  }
}
