// The route of one path of an Ingress (spec kubernetes 8.4, 8.5), before flags, redirects and copies come in.

import { type Call, makeRoute, type Route } from "../eskip/route.ts";
import { defaultFilters } from "./default-filters.ts";
import type { IngressBackend } from "./ingress-backend.ts";
import { type IngressContext, isWithoutEndpoints, routeBackend } from "./ingress-context.ts";
import { pathMatch, withAnnotated } from "./ingress-path.ts";
import type { IngressPath, ServiceBackend } from "./objects.ts";
import { joined } from "./route-edits.ts";
import { ingressRouteId } from "./route-ids.ts";

const none: readonly never[] = Object.freeze([]);

/** null: the backend leads nowhere, which is reported. `traffic` are the predicates of the path's share. */
export function pathRoute(
  context: IngressContext,
  item: IngressPath,
  traffic: readonly Call[],
  host: string,
  hostRegexps: readonly string[],
): Route | null {
  const { namespace, name } = context.metadata;
  const { predicates, pathMode } = context.options;
  const { service } = item.backend;
  const found = context.backends.find(item.backend);
  if (!leadsSomewhere(context, item.backend, found)) return null;
  const common = { hostRegexps, filters: pathFilters(context, service, found), backend: routeBackend(found) };
  if (found.type === "external") {
    // Neither path nor share count for a name outside of the cluster.
    return makeRoute({ ...common, id: ingressRouteId(namespace, name, host, "", found.name), predicates });
  }
  const match = pathMatch(item, pathMode);
  return makeRoute({
    ...common,
    id: ingressRouteId(namespace, name, host, item.path, service),
    pathRegexps: match.pathRegexps,
    predicates: joined(withAnnotated(match.predicates, predicates, pathMode), traffic),
  });
}

function leadsSomewhere(context: IngressContext, reference: ServiceBackend, found: IngressBackend): boolean {
  const { namespace, name } = context.metadata;
  switch (found.type) {
    case "no service":
      context.reportNoService(reference);
      return false;
    case "external names are off":
      context.report("info", `Not enabled to reference external name from ingress: ${namespace}/${name}`);
      return false;
    case "external name not allowed":
      context.report(
        "info",
        `Not allowed external name: ingress with not allowed external name service: ${found.name}`,
      );
      return false;
    default:
      return true;
  }
}

function pathFilters(context: IngressContext, service: string, found: IngressBackend): readonly Call[] {
  const { application, filters } = context.options;
  const ofService = defaultFilters(context.view, context.settings, context.metadata.namespace, service);
  if (ofService.error !== "") context.report("error", `Failed to retrieve default filters: ${ofService.error}`);
  const own = isWithoutEndpoints(found) ? none : filters;
  return joined(application, ofService.filters, own, context.backendFilters(found));
}
