// Options that the Route Server reads beside those that it shares with the proxy (spec routesrv 8, flags 6).

import { option } from "./option.ts";
import { bool, filters, string } from "./option-kinds.ts";

export const routeServerOptions = [
  option("route-server-filters", filters, [], "Filters of the main listener of routesrv; the proxy ignores them."),
  option(
    "route-server-validation",
    bool,
    true,
    "routesrv leaves out routes that the proxy of this version could not use. false: for proxies that know other filters.",
  ),
  option(
    "enable-oauth2-grant-flow",
    bool,
    false,
    "routesrv adds the route of the OAuth2 grant callback to those that it serves.",
  ),
  option("oauth2-callback-path", string, "", "Path of that route. Empty: /.well-known/oauth2-callback."),
] as const;
