// The two steps of cache(): the request step answers from the store, or lets one request of a key call the backend for all; the response
// step decides what is stored, updated or dropped. Streams in both directions: no body is collected.

import { outgoingPath } from "../../http/path.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";
import type { FollowingFlight, LeadingFlight, StoreKey } from "../../spec/response-store.ts";
import { BackgroundRefresh, REVALIDATE } from "./background-refresh.ts";
import { type Directives, parseCacheControl } from "./cache-control.ts";
import type { CacheKeys } from "./cache-key.ts";
import { isConditional, isNotModified, needsBackend } from "./conditions.ts";
import { ageSeconds, isFreshFor, isUsableStale, remainingMs } from "./freshness.ts";
import { invalidatedKeys } from "./invalidation.ts";
import { isLeading, PendingRequest, popPending, pushPending } from "./pending-request.ts";
import { type CacheSettings, ResponseKeeper } from "./response-keeper.ts";
import { CacheSecondLevel } from "./second-level.ts";
import { lookUp, type StoredEntry } from "./stored-entry.ts";

/** A request waits for another one of the same key for so long at most. */
const WAIT_MS = 5000;
const CLIENT_GONE = 499;

export class CacheFilter implements Filter {
  readonly onError = true;
  readonly #settings: CacheSettings;
  readonly #keys: CacheKeys;
  readonly #env: FilterEnv;
  readonly #keeper: ResponseKeeper;
  readonly #refresh: BackgroundRefresh;
  /** Null: there is none. */
  readonly #second: CacheSecondLevel | null;

  constructor(settings: CacheSettings, keys: CacheKeys, env: FilterEnv) {
    this.#settings = settings;
    this.#keys = keys;
    this.#env = env;
    this.#second = env.secondLevel === null ? null : new CacheSecondLevel(env.secondLevel, settings, keys, env);
    this.#keeper = new ResponseKeeper(settings, keys, env, this.#second);
    this.#refresh = new BackgroundRefresh(env, (routeId) => keys.ofFilter(routeId, settings), this.#second);
  }

  close(): void {
    this.#refresh.close();
  }

  request(ctx: FilterContext): void | Promise<void> {
    const { method, headers, contentLength } = ctx.request;
    const refreshes = headers.has(REVALIDATE);
    if (refreshes) headers.delete(REVALIDATE);
    const isOutside = headers.has("Upgrade");
    const key = this.#keys.of(ctx);
    if (refreshes || isOutside || (method !== "GET" && method !== "HEAD")) {
      const pending = this.#pend(ctx, key);
      pending.refreshes = refreshes;
      pending.isOutside = isOutside;
      return;
    }
    const asked = parseCacheControl(headers);
    // What is asked for may stand in the body, which is not part of the key.
    const hasBody = contentLength !== 0;
    const mayLookUp = !(asked.noCache || asked.noStore || asked.maxAge === 0) || asked.onlyIfCached;
    if (!mayLookUp || hasBody || headers.has("Range") || needsBackend(headers)) {
      this.#pend(ctx, key).noStore = asked.noStore || hasBody;
      return;
    }
    return this.#lookUp(ctx, key, asked);
  }

  #lookUp(ctx: FilterContext, key: StoreKey, asked: Directives): void | Promise<void> {
    const found = lookUp(this.#env.cache, this.#keys, key, ctx.request.headers);
    if (this.#answers(ctx, found, asked, key)) {
      pushPending(ctx, null);
      return;
    }
    this.#env.count("cache", "miss", 1);
    if (asked.onlyIfCached) {
      pushPending(ctx, null);
      ctx.serve(504, [["X-Cache-Status", "MISS"]], null);
      return;
    }
    const pending = this.#pend(ctx, key);
    if (!canShare(pending) || isLeading(ctx)) return;
    const flight = this.#env.cache.join(found.key, WAIT_MS);
    if (flight === null) return;
    if (!flight.leads) return this.#follow(ctx, pending, asked, found.key, flight);
    return this.#lead(ctx, pending, asked, flight);
  }

  /**
   * Others wait for this request from now on, unless the last leader has stored its answer since this one looked it up, or the second
   * level has one.
   */
  #lead(ctx: FilterContext, pending: PendingRequest, asked: Directives, flight: LeadingFlight): void | Promise<void> {
    pending.lead(flight);
    if (this.#answers(ctx, lookUp(this.#env.cache, this.#keys, pending.key, pending.headers), asked, pending.key)) {
      pending.land("stored");
    } else if (this.#second !== null) return this.#askSecondLevel(this.#second, ctx, pending, asked);
  }

  async #askSecondLevel(
    second: CacheSecondLevel,
    ctx: FilterContext,
    pending: PendingRequest,
    asked: Directives,
  ): Promise<void> {
    if (!(await second.fetch(pending)) || pending.isOver) return;
    if (this.#answers(ctx, lookUp(this.#env.cache, this.#keys, pending.key, pending.headers), asked, pending.key)) {
      pending.land("stored");
    }
  }

  /** Waits for the leader, and for who takes its place; goes on to the backend when that does not help. */
  async #follow(
    ctx: FilterContext,
    pending: PendingRequest,
    asked: Directives,
    key: StoreKey,
    first: FollowingFlight,
  ): Promise<void> {
    const { cache } = this.#env;
    let waitsFor = key;
    for (let flight = first; ; ) {
      const outcome = await flight.wait();
      if (pending.isOver) return;
      const found = lookUp(cache, this.#keys, pending.key, pending.headers);
      if (this.#answers(ctx, found, asked, pending.key)) return;
      const leftMs = pending.sentMs + WAIT_MS - this.#env.now();
      // The answer was for another variant: there may be a flight for this one.
      const again = outcome === "abandoned" || (outcome === "stored" && !isSameKey(found.key, waitsFor));
      const next = again && leftMs > 0 ? cache.join(found.key, leftMs) : null;
      if (next?.leads === true) return this.#lead(ctx, pending, asked, next);
      if (next === null) {
        this.#env.count("cache", "coalesce_error", 1);
        return;
      }
      flight = next;
      waitsFor = found.key;
    }
  }

  /** Serves the entry when it is fresh, or stale and refreshed now; false when the backend has to be asked. */
  #answers(ctx: FilterContext, found: StoredEntry, asked: Directives, key: StoreKey): boolean {
    const { stored } = found;
    if (stored === null) return false;
    const now = this.#env.now();
    if (isFreshFor(stored, asked, now)) return this.#serve(ctx, found, "HIT");
    const { swrMs } = this.#settings;
    if (swrMs === 0 || asked.onlyIfCached || !isUsableStale(stored, asked, swrMs, now)) return false;
    if (!this.#serve(ctx, found, "STALE")) return false;
    this.#refresh.add(ctx, key, found.key, stored);
    return true;
  }

  /** False when the body has been evicted just now. */
  #serve(ctx: FilterContext, { key, stamp, stored }: StoredEntry, label: "HIT" | "STALE"): boolean {
    if (stored === null) return false;
    const { method, headers } = ctx.request;
    const isUnmodified = stored.status === 200 && isNotModified(headers, stored.headers);
    const hasBody = method !== "HEAD" && !isUnmodified;
    const body = hasBody ? this.#env.cache.body(key, stamp) : null;
    if (hasBody && body === null) return false;
    const age = ageSeconds(stored, this.#env.now());
    const lines = [...stored.headers, ["Age", String(age)], ["X-Cache-Status", label]] as const;
    // A body that nobody reads to its end would hold its entry.
    if (body !== null && !(body instanceof Uint8Array)) ctx.atEnd(() => void body[Symbol.asyncIterator]().return?.());
    ctx.serve(isUnmodified ? 304 : stored.status, lines, body instanceof Uint8Array && body.length === 0 ? "" : body);
    this.#env.count("cache", label === "HIT" ? "hit" : "stale", 1);
    return true;
  }

  #pend(ctx: FilterContext, key: StoreKey): PendingRequest {
    const { path, rawPath } = ctx.request;
    const { cache } = this.#env;
    const encoded = outgoingPath(path, rawPath, false);
    const pending = new PendingRequest(ctx, encoded, key, this.#env.now(), cache.removals(key));
    pushPending(ctx, pending);
    ctx.atEnd(() => pending.land("abandoned"));
    return pending;
  }

  response(ctx: FilterContext): void | Promise<void> {
    const pending = popPending(ctx);
    if (pending === null) return;
    pending.isOver = true;
    const { status, headers } = ctx.response;
    if (ctx.served || pending.isOutside) {
      pending.land(status === CLIENT_GONE ? "abandoned" : "failed");
      return;
    }
    const isRead = pending.method === "GET" || pending.method === "HEAD";
    if (pending.method === "HEAD" && status === 200) {
      this.#keeper.update(ctx, pending);
      return;
    }
    if (pending.isUnsafe && status < 400) {
      const keys = invalidatedKeys(ctx, pending, this.#keys);
      for (const key of keys) this.#env.cache.remove(key);
      // Who is answered may ask another proxy next.
      return this.#second?.remove(keys);
    }
    if (status >= 500 && isRead && !pending.refreshes && this.#servesOnError(ctx, pending)) {
      pending.land("failed");
      return;
    }
    if (status === 304 && isRead) this.#keeper.update(ctx, pending);
    headers.set("X-Cache-Status", "MISS");
    this.#keeper.keep(ctx, pending);
  }

  /** The backend failed: what it said before may do. */
  #servesOnError(ctx: FilterContext, pending: PendingRequest): boolean {
    const { staleIfErrorMs } = this.#settings;
    if (staleIfErrorMs <= 0) return false;
    const found = lookUp(this.#env.cache, this.#keys, pending.key, pending.headers);
    if (found.stored === null || found.stored.status >= 500) return false;
    return remainingMs(found.stored, this.#env.now()) >= -staleIfErrorMs && this.#serve(ctx, found, "STALE");
  }
}

/** Whether what the backend says to this request may be the answer to others of its key, and theirs to it. */
function canShare({ method, headers }: PendingRequest): boolean {
  return method === "GET" && !headers.has("Authorization") && !isConditional(headers);
}

function isSameKey(a: StoreKey, b: StoreKey): boolean {
  return a.every((cell, i) => cell === b[i]);
}
