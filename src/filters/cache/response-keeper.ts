// Puts responses into the store while they go to the client, and brings the heads of stored ones up to date (RFC 9111 3, 4.3.4, 4.3.5).

import { Headers } from "../../http/headers.ts";
import { statusText } from "../../http/status.ts";
import type { FilterContext } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { EntryWriter, StoreKey } from "../../spec/response-store.ts";
import { RareWarning } from "../../util/rare-warning.ts";
import { type Directives, parseCacheControl } from "./cache-control.ts";
import { type CacheKeys, varyNames } from "./cache-key.ts";
import { asksForStored, isSameBody } from "./conditions.ts";
import { type ForcedLifetimes, initialAge, lifetimeMs } from "./freshness.ts";
import type { PendingRequest } from "./pending-request.ts";
import type { CacheSecondLevel } from "./second-level.ts";
import { lookUp, lookUpVariants } from "./stored-entry.ts";
import {
  encodeStored,
  type HeaderPairs,
  mergedHeaders,
  type StoredResponse,
  type StoredVariants,
  storedHeaders,
} from "./stored-response.ts";
import { StoringBody } from "./storing-body.ts";

export interface CacheSettings {
  /** Null: responses say themselves how long they are fresh. */
  readonly forced: ForcedLifetimes | null;
  /** Milliseconds after the lifetime: serve stale and refresh; serve stale when the backend fails. 0: never. */
  readonly swrMs: number;
  readonly staleIfErrorMs: number;
}

/** Where a response goes, and what has to be there for it to be found. */
interface Place {
  readonly key: StoreKey;
  /** Of Vary. */
  readonly names: readonly string[];
  /** To be written under the key of the request before; null when nothing is missing. */
  readonly variants: StoredVariants | null;
}

export class ResponseKeeper {
  readonly #settings: CacheSettings;
  readonly #keys: CacheKeys;
  readonly #env: FilterEnv;
  readonly #warning: RareWarning;
  /** Null: there is none. */
  readonly #second: CacheSecondLevel | null;

  constructor(settings: CacheSettings, keys: CacheKeys, env: FilterEnv, second: CacheSecondLevel | null) {
    this.#settings = settings;
    this.#keys = keys;
    this.#env = env;
    this.#second = second;
    this.#warning = new RareWarning(env);
  }

  /** Stores the response of the backend when it may be; in any case the flight of the request lands in the end. */
  keep(ctx: FilterContext, pending: PendingRequest): void {
    const { status, headers } = ctx.response;
    const stored = mayKeep(pending, status)
      ? this.#toStore(pending.sentMs, pending.headers, status, storedHeaders(headers, this.#env.now()), headers)
      : null;
    const vary = varyNames(headers);
    const length = declaredLength(headers);
    if (stored === null || vary === null || length > this.#env.cache.entryLimitBytes) {
      if (stored !== null && vary !== null) this.#tooLarge(ctx.request.path);
      pending.land("unstorable");
      return;
    }
    // It is stored, and yet no other request gets it.
    if (stored.lifetimeMs === 0) pending.land("unstorable");
    const place = this.#place(pending, vary);
    const writer = this.#env.cache.write(place.key);
    if (status === 204) {
      this.#commit(pending, place, stored, writer);
      return;
    }
    const { path } = ctx.request;
    const body = new StoringBody(writer, length, {
      complete: () => this.#commit(pending, place, stored, writer),
      abandoned: (isBroken) => {
        if (writer.isTooLarge) this.#tooLarge(path);
        pending.land(isBroken ? "abandoned" : "unstorable");
      },
    });
    ctx.transformResponseBody(body);
    // A filter to the left may put another body in its place.
    ctx.atEnd(() => body.destroy());
  }

  /** A response to HEAD, or a 304, is news of what is stored. */
  update(ctx: FilterContext, pending: PendingRequest): void {
    const { cache } = this.#env;
    const { headers, status } = ctx.response;
    const { key, stored, stamp } = lookUp(cache, this.#keys, pending.key, pending.headers);
    // What this one client gets is no news for others.
    if (stored === null || pending.noStore || pending.headers.has("Authorization")) return;
    const is304 = status === 304;
    const isSilent304 = is304 && !headers.has("ETag") && !headers.has("Last-Modified");
    const isAboutStored = isSilent304
      ? asksForStored(pending.headers, stored.headers)
      : isSameBody(stored.headers, headers, is304);
    if (!isAboutStored) {
      // A 304 may be about another representation that the client has; an answer to HEAD says that the stored one is gone.
      if (!is304) this.#remove(pending, key);
      return;
    }
    const merged = mergedHeaders(stored.headers, headers, this.#env.now());
    const updated = this.#toStore(pending.sentMs, pending.headers, stored.status, merged, asHeaders(merged));
    if (updated === null) this.#remove(pending, key);
    else if (cache.replaceHead(key, stamp, encodeStored(updated))) {
      const names = key === pending.key ? [] : lookUpVariants(cache, pending.key)?.names;
      if (names !== undefined) this.#second?.offer(pending, key, names);
    }
  }

  #remove(pending: PendingRequest, key: StoreKey): void {
    this.#env.cache.remove(key);
    void this.#second?.remove([pending.key]);
  }

  /** What would be stored; null when it must not be. `given`: of the response, with what `headers` leaves out. */
  #toStore(
    sentMs: number,
    request: Headers,
    status: number,
    headers: HeaderPairs,
    given: Headers,
  ): StoredResponse | null {
    const { forced } = this.#settings;
    const said = parseCacheControl(given);
    if (forced === null && (said.noStore || said.private || (said.mustUnderstand && statusText(status) === ""))) {
      return null;
    }
    if (request.has("Authorization") && !said.public && !said.mustRevalidate) return null;
    const responseMs = this.#env.now();
    const lifetime = lifetimeMs(status, given, said, responseMs, forced);
    if (Number.isNaN(lifetime)) return null;
    return {
      kind: "response",
      status,
      headers,
      requestMs: sentMs,
      responseMs,
      initialAgeS: initialAge(given, sentMs, responseMs),
      lifetimeMs: lifetime,
      isForced: forced !== null,
      neverStale: isNeverStale(said),
    };
  }

  #place({ key, headers }: PendingRequest, vary: readonly string[]): Place {
    if (vary.length === 0) return { key, names: vary, variants: null };
    const present = lookUpVariants(this.#env.cache, key);
    if (present !== null && present.names.join() === vary.join()) {
      return { key: this.#keys.variant(key, present, headers), names: vary, variants: null };
    }
    const variants: StoredVariants = {
      kind: "variants",
      names: vary,
      nonce: `${this.#env.now()} ${this.#env.random()}`,
    };
    return { key: this.#keys.variant(key, variants, headers), names: vary, variants };
  }

  #commit(pending: PendingRequest, { key, names, variants }: Place, stored: StoredResponse, writer: EntryWriter): void {
    const { cache } = this.#env;
    // Something was changed while the response was on its way: it may be from before.
    if (cache.removals(pending.key) !== pending.removals) {
      writer.abort();
      pending.land("failed");
      return;
    }
    const isFindable = variants === null || cache.write(pending.key).commit(encodeStored(variants));
    if (!isFindable) writer.abort();
    const isStored = isFindable && writer.commit(encodeStored(stored));
    if (isStored) this.#second?.offer(pending, key, names);
    pending.land(isStored ? "stored" : "failed");
  }

  #tooLarge(path: string): void {
    const { cache } = this.#env;
    cache.count("lru_oversized", 1);
    this.#warning.write(`cache: response of ${path} is larger than ${cache.entryLimitBytes} bytes: not stored`);
  }
}

function isNeverStale(said: Directives): boolean {
  return said.mustRevalidate || said.proxyRevalidate || said.noCache || !Number.isNaN(said.sMaxage);
}

/** Whether a response to this request can be a stored one at all. A failed refresh leaves what there is. */
function mayKeep({ method, noStore, refreshes }: PendingRequest, status: number): boolean {
  if (method !== "GET" || noStore || (refreshes && status >= 500)) return false;
  return status >= 200 && status !== 206 && status !== 304;
}

/** The length that the response declares, -1 when it does not. */
function declaredLength(headers: Headers): number {
  const text = headers.get("Content-Length");
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : -1;
}

function asHeaders(pairs: HeaderPairs): Headers {
  const headers = new Headers();
  for (const [name, value] of pairs) headers.append(name, value);
  return headers;
}
