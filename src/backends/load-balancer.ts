// The endpoints of one load balanced route and the choice among them (spec resilience 6 and 7).
export interface LoadBalancer<T> {
  readonly targets: readonly T[];
  /** Index of the chosen endpoint; its in-flight count goes up. */
  select(hashKey: string, balanceFactor: number, request: { readonly headers: import("../http/headers.ts").Headers; readonly remoteAddress: string }): number;
  /** The response head of an endpoint arrived, or the client left before: in-flight goes down. Index -1 is ignored. */
  answered(endpoint: number): void;
  /** An attempt ended without response head: in-flight goes down, the failure counts. */
  failed(endpoint: number): void;
  /** Zone of an endpoint, "" for none. */
  zone(endpoint: number): string;
}
