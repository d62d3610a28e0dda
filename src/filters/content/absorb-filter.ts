// The common part of absorb and absorbSilent (spec filters 7). The proxy reads and drops the body of a request that a filter
// answers; absorb only looks on, for its log lines.

import type { BodyTransform } from "../../spec/context.ts";
import type { FilterEnv } from "../../spec/env.ts";
import type { Filter } from "../../spec/filter.ts";

/** Digits of an id that is made for a request without X-Flow-Id. */
const ID_LENGTH = 8;
/** Between two lines about a body that is being read. */
const REPORT_MS = 1000;

/** A filter that answers 200 with an empty body. */
export function silentAbsorbFilter(): Filter {
  return {
    request(ctx) {
      ctx.serve(200, [], null);
    },
  };
}

/** The same, with log lines that name the request and count the bytes of its body. */
export function absorbFilter(env: FilterEnv): Filter {
  return {
    request(ctx) {
      const id = ctx.request.headers.get("X-Flow-Id") || randomId(env.random);
      env.log.info(`received request to be absorbed: ${id}`);
      if (ctx.request.contentLength === 0) logEnd(env, id, 0);
      else ctx.transformRequestBody(reportedBody(env, id));
      ctx.serve(200, [], null);
    },
  };
}

/** Lets nothing of a body through and logs how much of it came. */
function reportedBody(env: FilterEnv, id: string): BodyTransform {
  let consumed = 0;
  let reportedMs = env.now();
  return {
    write(chunk) {
      consumed += chunk.length;
      const now = env.now();
      if (now - reportedMs >= REPORT_MS) {
        reportedMs = now;
        env.log.info(`request ${id}, consumed bytes: ${consumed}`);
      }
      return null;
    },
    end() {
      logEnd(env, id, consumed);
      return null;
    },
    destroy: () =>
      env.log.info(`request ${id}, error while consuming request: the body broke off after ${consumed} bytes`),
  };
}

function logEnd(env: FilterEnv, id: string, consumed: number): void {
  env.log.info(`request ${id}, consumed bytes: ${consumed}`);
  env.log.info(`request finished: ${id}`);
}

function randomId(random: () => number): string {
  let id = "";
  while (id.length < ID_LENGTH) id += Math.floor(random() * 36).toString(36);
  return id;
}
