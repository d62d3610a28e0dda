// Routes that every cluster has (spec kubernetes 5, 7.10, 11), in their order.

import { makeRoute, type Route, shuntBackend } from "../eskip/route.ts";
import { globalRedirectRoute } from "./redirects.ts";
import type { TranslationSettings } from "./settings.ts";

const HEALTH_PATH = "/kube-system/healthz";
const internalCidrs = ["10.0.0.0/8", "192.168.0.0/16", "172.16.0.0/12", "127.0.0.1/8", "fd00::/8", "::1/128"];

export function fixedRoutes(settings: TranslationSettings): readonly Route[] {
  return [
    ...(settings.healthcheck ? healthcheckRoutes(settings) : []),
    ...(settings.httpsRedirect ? [globalRedirectRoute(settings.httpsRedirectCode)] : []),
  ];
}

/** Answer load balancers in private networks: 200 until the process is told to end. */
function healthcheckRoutes(settings: TranslationSettings): Route[] {
  const source = {
    name: settings.reverseSourcePredicate ? "SourceFromLast" : "Source",
    args: [...internalCidrs, ...settings.healthcheckCidrs],
  };
  const unlogged = settings.healthcheckLogsDisabled ? [{ name: "disableAccessLog", args: [200] }] : [];
  return [
    makeRoute({
      id: "kube__healthz_up",
      path: HEALTH_PATH,
      predicates: [source],
      filters: [...unlogged, { name: "status", args: [200] }],
      backend: shuntBackend,
    }),
    makeRoute({
      id: "kube__healthz_down",
      path: HEALTH_PATH,
      predicates: [source, { name: "Shutdown", args: [] }],
      filters: [{ name: "status", args: [503] }],
      backend: shuntBackend,
    }),
  ];
}
