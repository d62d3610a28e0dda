// What the cache filter remembers of a request between its two steps. Requests lie in the state bag as a stack: response steps come in
// the reverse order of request steps, over loopbacks and over several cache filters in a chain.

import type { Headers } from "../../http/headers.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { FlightOutcome, LeadingFlight, StoreKey } from "../../spec/response-store.ts";

const IN_STATE_BAG = "cache:key";

export class PendingRequest {
  /** As it was at the filter: what stands to the right may change it. */
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly query: string;
  readonly headers: Headers;
  readonly key: StoreKey;
  readonly sentMs: number;
  /** Of the key when the request was sent: a response from before an invalidation is not stored. */
  readonly removals: number;
  /** Neither looked up nor stored: it asks for another protocol on its connection. */
  isOutside = false;
  /** The client forbids to store. */
  noStore = false;
  /** Its answer is only to refresh what is stored. */
  refreshes = false;
  /** The response step was reached: whatever waits for the request waits in vain. */
  isOver = false;
  #flight: LeadingFlight | null = null;

  constructor(ctx: FilterContext, path: string, key: StoreKey, sentMs: number, removals: number) {
    const { method, host, rawQuery, headers } = ctx.request;
    this.method = method;
    this.host = host;
    this.path = path;
    this.query = rawQuery;
    this.headers = headers.clone();
    this.key = key;
    this.sentMs = sentMs;
    this.removals = removals;
  }

  get isUnsafe(): boolean {
    return !["GET", "HEAD", "OPTIONS", "TRACE"].includes(this.method);
  }

  /** From now on others wait for this request. */
  lead(flight: LeadingFlight): void {
    this.#flight = flight;
  }

  get leads(): boolean {
    return this.#flight !== null;
  }

  /** Others need not wait any longer; only the first call counts. */
  land(outcome: FlightOutcome): void {
    const flight = this.#flight;
    this.#flight = null;
    flight?.land(outcome);
  }
}

/** Puts a request on the stack of its context. */
export function pushPending(ctx: FilterContext, pending: PendingRequest | null): void {
  const stack = ctx.stateBag.get(IN_STATE_BAG) as (PendingRequest | null)[] | undefined;
  if (stack === undefined) ctx.stateBag.set(IN_STATE_BAG, [pending]);
  else stack.push(pending);
}

/** True when others wait for the request already, at an outer cache filter: were it to wait itself, it could be for itself. */
export function isLeading(ctx: FilterContext): boolean {
  const stack = ctx.stateBag.get(IN_STATE_BAG) as (PendingRequest | null)[] | undefined;
  return stack?.some((pending) => pending?.leads === true) ?? false;
}

/** Takes the last one from the stack; null when the filter has answered it. */
export function popPending(ctx: FilterContext): PendingRequest | null {
  const stack = ctx.stateBag.get(IN_STATE_BAG) as (PendingRequest | null)[] | undefined;
  return stack?.pop() ?? null;
}
