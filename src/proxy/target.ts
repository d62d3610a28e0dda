// Where a backend call goes: the address of the route, an endpoint that the load balancer chooses, or what filters set (spec
// proxy 8, filters 9.1).

import type { Pools } from "../backends/pool.ts";
import { splitBackendAddress } from "../eskip/url.ts";
import { parseRequestUrl } from "../http/url-reference.ts";
import type { Proxy } from "./proxy.ts";
import type { RequestContext } from "./request-context.ts";
import { BackendKind, type BackendTarget } from "./route-instance.ts";

/** The target for an address that was split; its pool is null when the proxy does not speak the scheme. */
export function makeTarget(pools: Pools, scheme: string, host: string, hostname: string, port: number): BackendTarget {
  const spoken = scheme === "http" || scheme === "https";
  return { scheme, host, pool: spoken ? pools.host(scheme, hostname, port) : null };
}

/** The target of the next attempt; null when there is no usable address. `chosen.endpoint` tells the endpoint of an LB route. */
export function chooseTarget(ctx: RequestContext, proxy: Proxy, chosen: { endpoint: number }): BackendTarget | null {
  const backend = ctx.frame!.route!.backend;
  chosen.endpoint = -1;
  switch (backend.kind) {
    case BackendKind.network:
      return backend.target;
    case BackendKind.lb: {
      const balancer = backend.balancer!;
      chosen.endpoint = balancer.select(ctx.hashKey, ctx.hashBalanceFactor, ctx.request);
      const target = balancer.targets[chosen.endpoint] ?? null;
      if (target !== null && target.pool !== null) return target;
      // Nobody will call it.
      balancer.canceled(chosen.endpoint);
      chosen.endpoint = -1;
      return target;
    }
    case BackendKind.dynamic:
      return dynamicTarget(ctx, proxy);
    default:
      return null;
  }
}

/** What filters set wins over what the client asked for: a URL as a whole, else host and scheme one by one. */
function dynamicTarget(ctx: RequestContext, proxy: Proxy): BackendTarget | null {
  let scheme = ctx.request.tls ? "https" : "http";
  let host = ctx.request.host;
  if (ctx.dynamicUrl !== "") {
    const url = parseRequestUrl(ctx.dynamicUrl);
    if (url !== undefined) {
      scheme = url.scheme;
      host = url.host;
    }
  } else {
    if (ctx.dynamicHost !== "") host = ctx.dynamicHost;
    if (ctx.dynamicScheme !== "") scheme = ctx.dynamicScheme;
  }
  const address = splitBackendAddress(`${scheme}://${host}`);
  if ("error" in address || address.host === "") return null;
  return makeTarget(proxy.pools, address.scheme, address.host, address.hostname, address.port);
}
