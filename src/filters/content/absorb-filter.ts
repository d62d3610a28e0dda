// The common part of absorb and absorbSilent (spec filters 7). The proxy reads and drops the body of a request that a filter
// answers, so there is nothing to read here.

import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";

/** Digits of an id that is made for a request without X-Flow-Id. */
const ID_LENGTH = 8;

/** A filter that answers 200 with an empty body; with a log it names the requests. */
export function absorbFilter(log: FilterEnv["log"] | null, random: () => number): Filter {
  return {
    request(ctx) {
      if (log !== null) {
        const id = ctx.request.headers.get("X-Flow-Id") || randomId(random);
        log.info(`received request to be absorbed: ${id}`);
      }
      ctx.serve(200, [], null);
    },
  };
}

function randomId(random: () => number): string {
  let id = "";
  while (id.length < ID_LENGTH) id += Math.floor(random() * 36).toString(36);
  return id;
}
