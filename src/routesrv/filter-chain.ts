// The filters of the main listener (spec routesrv 6): request steps from left to right until one serves, response steps of those that
// ran from right to left, before anything is answered. What a filter served is sent; else the listener answers.

import type { IncomingMessage, ServerResponse } from "node:http";
import type { Call } from "../eskip/route.ts";
import { checkArgs } from "../spec/args.ts";
import type { FilterEnv } from "../spec/env.ts";
import type { Filter } from "../spec/filter.ts";
import type { Registry } from "../spec/registry.ts";
import { ListenerContext } from "./listener-context.ts";

/** Filters that need what only a proxy has (spec filters 1); as everything that is unknown they stop the start. */
export const PROXY_FILTERS: readonly string[] = [
  "admissionControl",
  "apiUsageMonitoring",
  "auditLog",
  "bearerinjector",
  "blockContent",
  "blockContentHex",
  "cache",
  "jwtMetrics",
  "jwtValidation",
  "jwtValidationKeys",
  "oidcClaimsQuery",
  "setRequestHeaderFromSecret",
  "webhook",
];

/** Runs the filters; true when one of them has answered. Throws what is wrong with the chain. */
export function buildFilterChain(
  calls: readonly Call[],
  registry: Registry,
  env: FilterEnv,
): (request: IncomingMessage, response: ServerResponse) => Promise<boolean> {
  const filters = calls.map((call) => buildFilter(call, registry, env));
  return async (request, response) => {
    const ctx = new ListenerContext(request);
    response.once("close", () => ctx.release());
    let executed = 0;
    for (const filter of filters) {
      executed++;
      await filter.request?.(ctx);
      if (ctx.served) break;
    }
    ctx.hasResponse = true;
    for (let i = executed - 1; i >= 0; i--) await filters[i]!.response?.(ctx);
    ctx.finish();
    ctx.response.headers.mendAdditions();
    ctx.response.headers.forEach((name, value) => void response.appendHeader(name, value));
    if (!ctx.served) {
      ctx.request.writeBack();
      return false;
    }
    response.writeHead(ctx.response.status);
    for await (const piece of ctx.body()) {
      if (response.destroyed) return true;
      if (!response.write(piece)) await drained(response);
    }
    response.end();
    return true;
  };
}

function buildFilter(call: Call, registry: Registry, env: FilterEnv): Filter {
  const name = JSON.stringify(call.name);
  const spec = registry.filter(call.name);
  if (spec === undefined) {
    throw new Error(`failed to create filter chain: failed to get filter for routeserver ${name}`);
  }
  const checked = spec.anyArgs ? { values: call.args } : checkArgs(spec.args, call.args);
  const problem = "error" in checked ? checked.error.message : spec.anyArgs ? "" : spec.check(checked.values);
  if ("error" in checked || problem !== "") {
    throw new Error(`failed to create filter chain: failed to create filter ${name} for routeserver: ${problem}`);
  }
  return spec.create(checked.values, env);
}

function drained(response: ServerResponse): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      response.off("drain", done);
      response.off("close", done);
      resolve();
    };
    response.on("drain", done);
    response.on("close", done);
  });
}
