// Records at most a number of traces per second: what is not used up is kept for one second, so that a trace comes through now and then
// also when the rate is below one.

import { type Sampler, SamplingDecision, type SamplingResult } from "@opentelemetry/sdk-trace";

export class RateLimitSampler implements Sampler {
  readonly #perSecond: number;
  readonly #most: number;
  readonly #nowMs: () => number;
  #credit: number;
  #seenMs: number;

  /** `perSecond`: above 0. `nowMs`: a clock that never goes back. */
  constructor(perSecond: number, nowMs: () => number) {
    this.#perSecond = perSecond;
    this.#most = Math.max(perSecond, 1);
    this.#nowMs = nowMs;
    this.#credit = this.#most;
    this.#seenMs = nowMs();
  }

  shouldSample(): SamplingResult {
    const now = this.#nowMs();
    this.#credit = Math.min(this.#credit + ((now - this.#seenMs) / 1000) * this.#perSecond, this.#most);
    this.#seenMs = now;
    if (this.#credit < 1) return { decision: SamplingDecision.NOT_RECORD };
    this.#credit--;
    return { decision: SamplingDecision.RECORD_AND_SAMPLED };
  }

  toString(): string {
    return `RateLimit{${this.#perSecond}}`;
  }
}
