// The endpoints of one load balanced route and the choice among them (spec resilience 6 and 7).

import type { Backend, Route } from "../eskip/route.ts";
import type { Headers } from "../http/headers.ts";

export interface LoadBalancer<T> {
  readonly targets: readonly T[];
  /** Index of the chosen endpoint; its in-flight count goes up. */
  select(
    hashKey: string,
    balanceFactor: number,
    request: { readonly headers: Headers; readonly remoteAddress: string },
  ): number;
  /** The response head of an endpoint arrived, or the client left before: in-flight goes down. Index -1 is ignored. */
  answered(endpoint: number): void;
  /** An attempt ended without response head: in-flight goes down, the failure counts. */
  failed(endpoint: number): void;
  /** Zone of an endpoint, "" for none. */
  zone(endpoint: number): string;
}

export class EndpointBalancer<T> implements LoadBalancer<T> {
  readonly targets: readonly T[];
  readonly #zones: readonly string[];
  #next = 0;

  constructor(backend: Extract<Backend, { type: "lb" }>, targets: readonly T[], _route: Route) {
    this.targets = targets;
    this.#zones = backend.endpoints.map((endpoint) => endpoint.zone);
  }

  select(): number {
    this.#next = (this.#next + 1) % this.targets.length;
    return this.#next;
  }

  answered(): void {}

  failed(): void {}

  zone(endpoint: number): string {
    return this.#zones[endpoint] ?? "";
  }
}
