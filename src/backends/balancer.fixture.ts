// What the tests of load balancing need around a balancer: shared memory, a clock and a random source that they steer.

import assert from "node:assert/strict";
import { parseDocument } from "../eskip/parser.ts";
import type { Route } from "../eskip/route.ts";
import { Headers } from "../http/headers.ts";
import type { Logger } from "../observability/log.ts";
import { loadHash64 } from "../observability/mask-query.ts";
import type { BalancedRequest } from "./algorithms/algorithm.ts";
import { EndpointRegistry } from "./endpoint-registry.ts";
import { Endpoints } from "./endpoints.ts";
import type { CheckedFilter } from "./fade-in.ts";
import { type BalancerEnv, EndpointBalancer } from "./load-balancer.ts";
import type { HealthSettings } from "./passive-health.ts";

export const hash = await loadHash64();

export const anyRequest: BalancedRequest = { headers: new Headers(), remoteAddress: "10.1.2.3" };

/** Numbers of one seed, the same in every run (a multiplicative generator, Lehmer). */
export function seededRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = Number((BigInt(state) * 48271n) % 2147483647n);
    return state / 2147483647;
  };
}

/** A process with workers, of which a test asks for balancers. */
export class BalancedProcess {
  nowMs = 1_000_000_000_000;
  random: () => number = seededRandom(1);
  readonly lines: string[] = [];
  readonly counters = new Map<string, number>();
  readonly dropped: string[] = [];
  readonly registry: EndpointRegistry;
  readonly workers: Endpoints[] = [];
  readonly log: Logger = {
    debug: (message) => this.lines.push(`debug ${message}`),
    info: (message) => this.lines.push(`info ${message}`),
    warn: (message) => this.lines.push(`warn ${message}`),
    error: (message) => this.lines.push(`error ${message}`),
  };

  constructor(workers = 1, health: HealthSettings | null = null) {
    this.registry = new EndpointRegistry({ workers, health, log: this.log, now: () => this.nowMs });
    for (let i = 1; i <= workers; i++) this.workers.push(this.addWorker(i));
  }

  addWorker(number: number): Endpoints {
    const { memory, column } = this.registry.addWorker(number);
    return new Endpoints(memory, column);
  }

  env(worker = 0): BalancerEnv {
    return {
      endpoints: this.workers[worker]!,
      hash,
      log: this.log,
      now: () => this.nowMs,
      random: () => this.random(),
      count: (name, by) => this.counters.set(name, (this.counters.get(name) ?? 0) + by),
      onDropped: (endpoint) => this.dropped.push(endpoint),
    };
  }

  /** A balancer for the backend `<...>`; its targets are the addresses. */
  balancer(backend: string, filters: readonly CheckedFilter[] = [], worker = 0, id = "r"): EndpointBalancer<string> {
    const route = lbRoute(id, backend);
    assert.equal(route.backend.type, "lb");
    const targets = route.backend.endpoints.map((endpoint) => endpoint.address);
    return new EndpointBalancer(route.backend, targets, route, filters, this.env(worker));
  }
}

export function lbRoute(id: string, backend: string): Route & { backend: { type: "lb" } } {
  const { routes } = parseDocument(`${id}: * -> ${backend}`);
  return routes[0] as Route & { backend: { type: "lb" } };
}

/** `<algorithm, "http://e0:80", ...>` with this many endpoints. */
export function lbBackend(algorithm: string, count: number): string {
  return `<${[algorithm, ...Array.from({ length: count }, (_, i) => `"http://e${i}:80"`)].join(", ")}>`;
}

/** How often each of `count` endpoints is chosen in `times` requests, each answered at once. */
export function tally(balancer: EndpointBalancer<string>, count: number, times: number): number[] {
  const counts = new Array<number>(count).fill(0);
  for (let i = 0; i < times; i++) {
    const chosen = balancer.select("", 0, anyRequest);
    balancer.answered(chosen);
    counts[chosen]!++;
  }
  return counts;
}
