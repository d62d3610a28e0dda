// Hot path: 50 ns a choice by round robin. Guarded by load-balancer.bench.ts.
//
// The endpoints of one load balanced route and the choice among them (spec resilience 6 and 7): fade-in, then passive health, then
// the algorithm. Belongs to a built route of one worker; what is counted lies in shared memory (endpoints.ts).

import type { Backend, Route } from "../eskip/route.ts";
import type { Logger } from "../observability/log.ts";
import type { Hash64 } from "../observability/mask-query.ts";
import { toByteString } from "../util/bytes.ts";
import type { Algorithm, BalancedRequest } from "./algorithms/algorithm.ts";
import { makeAlgorithm } from "./algorithms/algorithms.ts";
import { type Endpoints, endpointKey } from "./endpoints.ts";
import { type CheckedFilter, type FadeIn, fadeInShare, readFadeIn } from "./fade-in.ts";

export interface LoadBalancer<T> {
  readonly targets: readonly T[];
  /** Index of the chosen endpoint; its in-flight count goes up until one of the next three is called, once. */
  select(hashKey: string, balanceFactor: number, request: BalancedRequest): number;
  /** The response head of an endpoint arrived. Index -1 is ignored, here and below. */
  answered(endpoint: number): void;
  /** An attempt ended without response head: the failure counts. */
  failed(endpoint: number): void;
  /** The attempt was given up, because the client left: it does not count. */
  canceled(endpoint: number): void;
  /** Zone of an endpoint, "" for none. */
  zone(endpoint: number): string;
  /** The route is not used any more. */
  release(): void;
}

export interface BalancerEnv {
  readonly endpoints: Endpoints;
  readonly hash: Hash64;
  readonly log: Logger;
  /** Milliseconds since 1970. */
  now(): number;
  /** At least 0, below 1. */
  random(): number;
  /** Adds to a counter. */
  count(name: string, by: number): void;
  /** Called with `host:port` of every endpoint that is left out as unhealthy; null when nobody listens. */
  readonly onDropped: ((endpoint: string) => void) | null;
}

/** ECMAScript knows no later time. */
const LAST_DATE_MS = 8.64e15;

const DROPPED = "passive-health-check.endpoints.dropped";
const PASSED = "passive-health-check.requests.passed";

export class EndpointBalancer<T> implements LoadBalancer<T> {
  readonly targets: readonly T[];
  readonly #env: BalancerEnv;
  readonly #endpoints: Endpoints;
  readonly #keys: readonly string[];
  readonly #slots: Int32Array;
  readonly #zones: readonly string[];
  readonly #algorithm: Algorithm;
  readonly #fadeIn: FadeIn | null;
  /** The indices of all endpoints, and room for those that remain after each step. */
  readonly #all: Int32Array;
  readonly #old: Int32Array;
  readonly #healthy: Int32Array;
  /** Candidates of the present request. */
  #candidates: Int32Array;

  /** `targets` belong to the endpoints of `backend`; `filters` are those of the route that are about endpoints. */
  constructor(
    backend: Extract<Backend, { type: "lb" }>,
    targets: readonly T[],
    route: Route,
    filters: readonly CheckedFilter[],
    env: BalancerEnv,
  ) {
    const { endpoints } = env;
    const addresses = backend.endpoints.map((endpoint) => toByteString(endpoint.address));
    const nowMs = env.now();
    this.targets = targets;
    this.#env = env;
    this.#endpoints = endpoints;
    this.#keys = backend.endpoints.map((endpoint) => endpointKey(endpoint.address));
    this.#slots = Int32Array.from(this.#keys, (key) => endpoints.acquire(key, nowMs));
    this.#zones = backend.endpoints.map((endpoint) => endpoint.zone);
    this.#fadeIn = readFadeIn(filters);
    this.#all = Int32Array.from(addresses, (_, i) => i);
    this.#old = new Int32Array(addresses.length);
    this.#healthy = new Int32Array(addresses.length);
    this.#candidates = this.#all;
    const turnKey = [route.id, backend.algorithm, ...addresses].join("\0");
    this.#algorithm = makeAlgorithm(backend.algorithm, {
      endpoints,
      slots: this.#slots,
      addresses,
      turnKey,
      hash: env.hash,
      random: env.random,
    });
    if (this.#fadeIn !== null) this.#noteCreated(this.#fadeIn, nowMs);
  }

  #noteCreated(fadeIn: FadeIn, nowMs: number): void {
    for (const { endpoint, atMs } of fadeIn.created) {
      if (atMs > nowMs) {
        const time = atMs > LAST_DATE_MS ? `${atMs} ms` : new Date(atMs).toISOString();
        this.#env.log.error(
          `Endpoint created time in the future, fading in without endpoint creation time: ${endpoint} ${time}`,
        );
        continue;
      }
      const index = this.#keys.indexOf(endpoint);
      if (index >= 0) this.#endpoints.created(this.#slots[index]!, atMs);
    }
  }

  select(hashKey: string, balanceFactor: number, request: BalancedRequest): number {
    let count = this.#all.length;
    let chosen = 0;
    if (count > 1) {
      this.#candidates = this.#all;
      if (this.#fadeIn !== null) count = this.#leaveOutNew(this.#fadeIn, count);
      if (this.#endpoints.anyUnhealthy) count = this.#leaveOutUnhealthy(count);
      const candidates = this.#candidates;
      chosen =
        count === 1 ? candidates[0]! : this.#algorithm.choose(candidates, count, hashKey, balanceFactor, request);
    }
    this.#endpoints.began(this.#slots[chosen]!);
    return chosen;
  }

  /** Leaves out new endpoints as their age demands; nobody when that would be all. Gives the number of candidates. */
  #leaveOutNew(fadeIn: FadeIn, count: number): number {
    const r = this.#env.random();
    const nowMs = this.#env.now();
    const old = this.#old;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const ageMs = nowMs - this.#endpoints.detectedMs(this.#slots[i]!);
      if (r < fadeInShare(fadeIn, ageMs)) old[kept++] = i;
    }
    if (kept === 0) return count;
    this.#candidates = old;
    return kept;
  }

  /** Leaves out unhealthy endpoints; nobody when that would be too many. Gives the number of candidates. */
  #leaveOutUnhealthy(count: number): number {
    const env = this.#env;
    const r = env.random();
    const candidates = this.#candidates;
    const healthy = this.#healthy;
    const most = count * this.#endpoints.maxUnhealthyRatio;
    let kept = 0;
    for (let i = 0; i < count; i++) {
      const candidate = candidates[i]!;
      if (r >= this.#endpoints.dropProbability(this.#slots[candidate]!)) {
        healthy[kept++] = candidate;
        continue;
      }
      env.count(DROPPED, 1);
      env.onDropped?.(this.#keys[candidate]!);
      if (i + 1 - kept > most) return count;
    }
    if (kept === 0 || kept === count) return count;
    env.count(PASSED, 1);
    this.#candidates = healthy;
    return kept;
  }

  answered(endpoint: number): void {
    if (endpoint >= 0) this.#endpoints.answered(this.#slots[endpoint]!);
  }

  failed(endpoint: number): void {
    if (endpoint >= 0) this.#endpoints.failed(this.#slots[endpoint]!);
  }

  canceled(endpoint: number): void {
    if (endpoint >= 0) this.#endpoints.canceled(this.#slots[endpoint]!);
  }

  zone(endpoint: number): string {
    return this.#zones[endpoint] ?? "";
  }

  release(): void {
    const nowMs = this.#env.now();
    for (const slot of this.#slots) this.#endpoints.release(slot, nowMs);
    this.#algorithm.release();
  }
}
