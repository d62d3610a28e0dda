// Refreshes stale entries while their old content is served: the request is sent once more through the routing table, with the entry's
// validators, and the cache filter that it meets stores what comes back. One at a time for each filter, over all workers; others wait
// in a line of the response store. What another proxy has refreshed is taken from the second level.

import type { FilterContext, RequestCopy } from "../../spec/context.ts";
import type { CopyEnd, FilterEnv } from "../../spec/env.ts";
import type { FlightOutcome, LeadingFlight, PlaceInLine, StoreKey } from "../../spec/response-store.ts";
import { RareWarning } from "../../util/rare-warning.ts";
import type { CacheSecondLevel, Wanted } from "./second-level.ts";
import { type StoredResponse, storedValue } from "./stored-response.ts";

/** Says that a request comes from here. */
export const REVALIDATE = "X-Cache-Revalidate";

/** Another refresh of the same entry may begin after so long. */
const REFRESH_MS = 30_000;

/** What asks for an answer that is no use here. */
const OF_THE_CLIENT = ["If-None-Match", "If-Modified-Since", "If-Match", "If-Unmodified-Since", "If-Range", "Range"];

interface Refresh {
  readonly copy: RequestCopy;
  readonly flight: LeadingFlight;
  readonly place: PlaceInLine;
  readonly path: string;
  /** Null: there is no second level. */
  readonly wanted: Wanted | null;
}

export class BackgroundRefresh {
  readonly #env: FilterEnv;
  readonly #warning: RareWarning;
  readonly #lineOf: (routeId: string) => StoreKey;
  readonly #second: CacheSecondLevel | null;
  /** Those of this worker, in the order of their places. */
  readonly #queue: Refresh[] = [];
  #isRunning = false;
  #isClosed = false;

  /** `lineOf`: the key of the line of this filter at its route. */
  constructor(env: FilterEnv, lineOf: (routeId: string) => StoreKey, second: CacheSecondLevel | null) {
    this.#env = env;
    this.#lineOf = lineOf;
    this.#second = second;
    this.#warning = new RareWarning(env);
  }

  /** Refreshes the entry under `key` that a request with `baseKey` was served from, unless somebody in the process does. */
  add(ctx: FilterContext, baseKey: StoreKey, key: StoreKey, stored: StoredResponse): void {
    const { cache } = this.#env;
    const flight = cache.join(key, REFRESH_MS);
    if (flight?.leads !== true) return;
    const place = cache.standInLine(this.#lineOf(ctx.routeId));
    if (place === null) {
      cache.count("reval_dropped", 1);
      flight.land("abandoned");
      return;
    }
    const { path, headers } = ctx.request;
    const wanted =
      this.#second === null ? null : { key: baseKey, headers: headers.clone(), removals: cache.removals(baseKey) };
    this.#queue.push({ copy: refreshing(ctx, stored), flight, place, path, wanted });
    if (!this.#isRunning) void this.#run();
  }

  /** Lets go of what waits. */
  close(): void {
    this.#isClosed = true;
    for (const refresh of this.#queue.splice(0)) end(refresh, "abandoned");
  }

  async #run(): Promise<void> {
    this.#isRunning = true;
    for (let next = this.#queue.shift(); next !== undefined; next = this.#queue.shift()) {
      await next.place.turn();
      if (this.#isClosed) {
        end(next, "abandoned");
        continue;
      }
      if (next.wanted !== null && (await this.#second?.fetch(next.wanted, true)) === true) {
        end(next, "stored");
        continue;
      }
      const problem = problemOf(await this.#env.routeCopy(next.copy, null));
      end(next, problem === "" ? "stored" : "failed");
      if (problem === "") continue;
      this.#env.cache.count("reval_error", 1);
      this.#warning.write(`cache: failed to refresh ${next.path}: ${problem}`);
    }
    this.#isRunning = false;
  }
}

function end({ flight, place }: Refresh, outcome: FlightOutcome): void {
  flight.land(outcome);
  place.leave();
}

function problemOf({ outcome, status }: CopyEnd): string {
  if (outcome !== "complete") return `the copy of the request was ${outcome}`;
  return status >= 500 ? `status ${status}` : "";
}

/** The request as it came in, so that the filters to the left of this one see what they saw. */
function refreshing(ctx: FilterContext, stored: StoredResponse): RequestCopy {
  const copy = ctx.copyRequest("received");
  copy.method = "GET";
  for (const name of OF_THE_CLIENT) copy.headers.delete(name);
  copy.headers.set(REVALIDATE, "1");
  const etag = storedValue(stored.headers, "etag");
  const modified = storedValue(stored.headers, "last-modified");
  if (etag !== undefined) copy.headers.set("If-None-Match", etag);
  if (modified !== undefined) copy.headers.set("If-Modified-Since", modified);
  return copy;
}
