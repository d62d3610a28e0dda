// The second level of cache(): what other proxies have stored and this one has not. Asked by the request that leads the flight of a key,
// after a miss; what it gives goes into the first level, from which everybody is served. What the first level gets goes there too,
// behind the response. Times in a head are told there as milliseconds from its writing, so that clocks need not agree.
//
//   key of the request ──> response                  or, where responses vary,
//   key of the request ──> names, nonce ──> key of the variant ──> response
//
// The nonce is the second level's own: a proxy that lives on with an old one must not make variants reachable that were invalidated.

import type { Headers } from "../../http/headers.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { StoreKey } from "../../spec/response-store.ts";
import type { SecondLevel, SharedContent, SharedEntry } from "../../spec/second-level.ts";
import type { CacheKeys } from "./cache-key.ts";
import { remainingMs } from "./freshness.ts";
import type { CacheSettings } from "./response-keeper.ts";
import { lookUp, lookUpVariants } from "./stored-entry.ts";
import { decodeStored, encodeStored, readShared, type StoredResponse, type StoredVariants } from "./stored-response.ts";

/** The request that an entry is for: its key, and the headers that choose among variants. */
export interface Wanted {
  readonly key: StoreKey;
  readonly headers: Headers;
  /** Of the key, when the request was sent. */
  readonly removals: number;
}

const EMPTY = new Uint8Array();

export class CacheSecondLevel {
  readonly #level: SecondLevel;
  readonly #settings: CacheSettings;
  readonly #keys: CacheKeys;
  readonly #env: FilterEnv;

  constructor(level: SecondLevel, settings: CacheSettings, keys: CacheKeys, env: FilterEnv) {
    this.#level = level;
    this.#settings = settings;
    this.#keys = keys;
    this.#env = env;
  }

  /**
   * Puts what the second level has for the request into the first one; false when there is nothing better than what is there, or
   * nothing fresh, if it has to be.
   */
  async fetch(wanted: Wanted, mustBeFresh = false): Promise<boolean> {
    let variants: StoredVariants | null = null;
    const found = await this.#level.find(wanted.key, ({ head }) => {
      const first = readShared(head);
      variants = first?.kind === "variants" ? first : null;
      return variants === null ? null : this.#keys.variant(wanted.key, variants, wanted.headers);
    });
    if (found === "error") return false;
    const isPut = typeof found !== "string" && this.#put(wanted, variants, found, mustBeFresh);
    this.#env.count("cache", isPut ? "l2.hit" : found === "skipped" ? "l2.skipped" : "l2.miss", 1);
    return isPut;
  }

  #put(
    wanted: Wanted,
    variants: StoredVariants | null,
    { head, body, sinceMs }: SharedEntry,
    mustBeFresh: boolean,
  ): boolean {
    const { cache, now } = this.#env;
    const { key, headers } = wanted;
    const shared = readShared(head);
    if (shared?.kind !== "response") {
      if (shared === null) void this.#level.remove(key);
      return false;
    }
    const stored = shifted(shared, now() - sinceMs);
    if (mustBeFresh && remainingMs(stored, now()) <= 0) return false;
    const present = lookUp(cache, this.#keys, key, headers).stored;
    if (present !== null && remainingMs(present, now()) >= remainingMs(stored, now())) return false;
    // It may be from before.
    if (cache.removals(key) !== wanted.removals) return false;
    if (variants === null) return this.#write(key, stored, body);
    const known = lookUpVariants(cache, key);
    const inForce = known?.names.join() === variants.names.join() ? known : variants;
    const isFindable = inForce === known || this.#write(key, inForce, EMPTY);
    return isFindable && this.#write(this.#keys.variant(key, inForce, headers), stored, body);
  }

  #write(key: StoreKey, stored: StoredResponse | StoredVariants, body: Uint8Array): boolean {
    const writer = this.#env.cache.write(key);
    return writer.append(body) && writer.commit(encodeStored(stored));
  }

  /** An entry of the first level is new, or has a new head. `storedKey`: where it lies there; `names`: of Vary. */
  offer(wanted: Wanted, storedKey: StoreKey, names: readonly string[]): void {
    if (names.length === 0) this.#store(wanted, storedKey, wanted.key);
    else void this.#offerVariant(wanted, storedKey, names);
  }

  async #offerVariant(wanted: Wanted, storedKey: StoreKey, names: readonly string[]): Promise<void> {
    const { now, random, cache } = this.#env;
    const found = await this.#level.find(wanted.key, () => null);
    // Whoever cannot be asked takes nothing either.
    if (found === "error" || found === "skipped") return;
    const there = found === "miss" ? null : readShared(found.head);
    const isSame = there?.kind === "variants" && there.names.join() === names.join();
    const variants: StoredVariants = isSame ? there : { kind: "variants", names, nonce: `${now()} ${random()}` };
    const head = encodeStored(variants);
    const stored = lookUp(cache, this.#keys, wanted.key, wanted.headers).stored;
    const neededMs = stored === null ? 0 : this.#usefulMs(stored);
    const lifetimeMs = Math.max(neededMs, isSame && typeof found !== "string" ? found.leftMs : 0);
    if (neededMs <= 0) return;
    this.#level.store({
      key: wanted.key,
      bytes: head.length,
      load: async () => ({ head, body: EMPTY, lifetimeMs }),
      isCurrent: () => this.#isCurrent(wanted),
    });
    this.#store(wanted, storedKey, this.#keys.variant(wanted.key, variants, wanted.headers));
  }

  #store(wanted: Wanted, storedKey: StoreKey, sharedKey: StoreKey): void {
    const found = this.#env.cache.find(storedKey);
    if (found === null) return;
    this.#level.store({
      key: sharedKey,
      bytes: found.head.length + found.bodyBytes,
      load: () => this.#load(wanted, storedKey),
      isCurrent: () => this.#isCurrent(wanted),
    });
  }

  /** What lies in the first level when it is sent: what has left it by then, or is never of use to another proxy, is not sent. */
  async #load(wanted: Wanted, storedKey: StoreKey): Promise<SharedContent | null> {
    const { cache, now } = this.#env;
    const found = this.#isCurrent(wanted) ? cache.find(storedKey) : null;
    if (found === null || found.head.length + found.bodyBytes > this.#level.entryLimitBytes) return null;
    const stored = decodeStored(found.head);
    const body = stored.kind === "response" ? cache.body(storedKey, found.stamp) : null;
    if (stored.kind !== "response" || body === null) return null;
    const pieces: Uint8Array[] = [];
    if (body instanceof Uint8Array) pieces.push(body);
    else for await (const piece of body) pieces.push(Buffer.from(piece));
    const lifetimeMs = this.#usefulMs(stored);
    if (lifetimeMs <= 0) return null;
    return { head: encodeStored(shifted(stored, -now())), body: Buffer.concat(pieces), lifetimeMs };
  }

  /** For how long it can be served: fresh, while it is refreshed, or when the backend fails. */
  #usefulMs(stored: StoredResponse): number {
    const { swrMs, staleIfErrorMs } = this.#settings;
    return remainingMs(stored, this.#env.now()) + Math.max(swrMs, staleIfErrorMs, 0);
  }

  #isCurrent({ key, removals }: Wanted): boolean {
    return this.#env.cache.removals(key) === removals;
  }

  /** What these requests would get is invalid, in all variants. Resolves when the servers know, or the timeout is over. */
  async remove(keys: readonly StoreKey[]): Promise<void> {
    await Promise.all(keys.map((key) => this.#level.remove(key)));
  }
}

function shifted(stored: StoredResponse, byMs: number): StoredResponse {
  return { ...stored, requestMs: stored.requestMs + byMs, responseMs: stored.responseMs + byMs };
}
