// cache: keeps responses and answers from them (spec filters 9.5, RFC 9111).

import { bytes, duration, positiveDuration } from "../../spec/arg-kinds.ts";
import { optional } from "../../spec/args.ts";
import { defineFilter } from "../../spec/filter.ts";
import { CacheFilter } from "./cache-filter.ts";
import { CacheKeys } from "./cache-key.ts";

export const cache = defineFilter({
  name: "cache",
  summary: "Stores responses in memory, in one store for the whole process, and answers requests from it.",
  details:
    "Without arguments responses say how long they are fresh (RFC 9111). With arguments the route says it: the time for 200, that for 404 and 5xx, how long after it a stale response is served while it is refreshed in the background, how long one is served when the backend answers 5xx, and request headers (a comma list) that belong to the key. Answers carry X-Cache-Status (HIT, MISS or STALE) and, from the store, Age. Concurrent misses of one key share one backend call, over all workers. The store takes a quarter of the memory limit of the container, 2 GiB without a limit; a response of more than 1/256 of that is not stored. With -cache-second-level-urls what is stored also goes to Redis or Valkey, and a miss looks there before it asks the backend.",
  args: [
    optional("ttl", positiveDuration),
    optional("errorTTL", positiveDuration),
    optional("swr", positiveDuration),
    optional("staleIfError", duration),
    optional("keyHeaders", bytes),
  ],
  examples: [
    {
      route: '* -> cache("10s", "1s", "30s") -> "http://backend.test"',
      expect: { status: 200, headers: { "x-cache-status": "MISS" } },
    },
    {
      route: '* -> cache() -> "http://backend.test"',
      send: { headers: { "Cache-Control": "only-if-cached" } },
      expect: { status: 504, headers: { "x-cache-status": "MISS" } },
    },
  ],
  check: ([ttl, , swr]) =>
    ttl !== undefined && swr === undefined ? "cache: expected no arguments or 3 to 5: ttl, errorTTL, swr and more" : "",
  create([ttlMs, errorTtlMs, swrMs, staleIfErrorMs, keyHeaders], env) {
    const forced = ttlMs === undefined || errorTtlMs === undefined ? null : { ttlMs, errorTtlMs };
    const settings = { forced, swrMs: swrMs ?? 0, staleIfErrorMs: staleIfErrorMs ?? 0 };
    const names = (keyHeaders ?? "").split(",").map((name) => name.trim());
    return new CacheFilter(settings, new CacheKeys(names.filter((name) => name !== "")), env);
  },
});
