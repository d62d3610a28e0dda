// What the routes of a cluster become before they are served (spec routesrv 3), put together from the options: default filters, edits,
// clones, the route of the grant callback, and the check. Used by the Route Server, and by `eskip diff` for the same routes once.

import type { Options } from "../config/options.ts";
import { type Call, makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import type { Logger } from "../observability/log.ts";
import { RouteIntake, type RouteIntakeOptions } from "../routesrv/route-intake.ts";
import { checkRoute } from "../routing/check-route.ts";
import { HostKeys } from "../routing/host-keys.ts";
import { cloneRoutes, editRoutes } from "../routing/pre-processors/change-rule.ts";
import { defaultFilters } from "../routing/pre-processors/filter-rules.ts";
import { checkingRegistry } from "./shipped-registry.ts";

const CALLBACK_PATH = "/.well-known/oauth2-callback";

/** `events` is told what comes of the routes. */
export async function clusterIntake(
  options: Options,
  log: Logger,
  events: Pick<RouteIntakeOptions, "refused" | "accepted" | "failed">,
): Promise<RouteIntake> {
  const registry = await checkingRegistry(options.disabledFilters);
  const hosts = new HostKeys();
  const changes = [
    ...options.editRoute.map((rule) => editRoutes(rule, log)),
    ...options.cloneRoute.map((rule, i) => cloneRoutes(rule, i, log)),
  ];
  return new RouteIntake({
    preProcessors: [defaultFilters(options.defaultFiltersPrepend, options.defaultFiltersAppend), ...changes],
    fixed: options.enableOauth2GrantFlow ? [grantCallback(options.oauth2CallbackPath)] : [],
    fixedPreProcessors: changes,
    check: options.routeServerValidation
      ? (route) => checkRoute(route, registry, 0, hosts, options.ignoreTrailingSlash)
      : () => null,
    log,
    ...events,
  });
}

function grantCallback(path: string): Route {
  const filter: Call = { name: "grantCallback", args: [] };
  return makeRoute({
    id: "__oauth2_grant_callback",
    path: path === "" ? CALLBACK_PATH : path,
    filters: [filter],
    backend: shuntBackend,
  });
}
