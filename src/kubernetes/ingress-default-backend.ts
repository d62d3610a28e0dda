// The route of an Ingress for requests that no other route takes (spec kubernetes 8.3): without predicates, and without what
// annotations add to path routes.

import { makeRoute, type Route } from "../eskip/route.ts";
import { forwarded } from "./forward.ts";
import type { IngressBackend } from "./ingress-backend.ts";
import { type IngressContext, routeBackend } from "./ingress-context.ts";
import type { ServiceBackend } from "./objects.ts";
import { joined } from "./route-edits.ts";
import { defaultExternalRouteId, ingressRouteId } from "./route-ids.ts";

const FAILED = "Failed to convert default backend";

/** null: the backend leads nowhere, which is reported. */
export function defaultBackendRoute(context: IngressContext, reference: ServiceBackend): Route | null {
  const { namespace, name } = context.metadata;
  const { application, forwardUrl } = context.options;
  const found = context.backends.find(reference);
  if (!leadsSomewhere(context, reference, found)) return null;
  const id =
    found.type === "external"
      ? defaultExternalRouteId(namespace, name, found.name)
      : ingressRouteId(namespace, name, "", "", "");
  const filters = joined(application, context.backendFilters(found));
  return forwarded(makeRoute({ id, filters, backend: routeBackend(found) }), forwardUrl);
}

function leadsSomewhere(context: IngressContext, reference: ServiceBackend, found: IngressBackend): boolean {
  switch (found.type) {
    case "no service":
      context.reportNoService(reference);
      context.report("error", `${FAILED}: service not found`);
      return false;
    case "external names are off":
      context.report("error", `${FAILED}: ingress is not enabled to reference external name service`);
      return false;
    case "external name not allowed":
      context.report("error", `${FAILED}: ingress with not allowed external name service: ${found.name}`);
      return false;
    case "no port": {
      const ports = found.service.ports.map((one) => (one.name === "" ? one.port : `${one.name}:${one.port}`));
      const of = `[${ports.join(" ")}], ${reference.port}, for service ${reference.service}`;
      context.report("error", `Failed to find target port ${of} add shuntroute: service port not found`);
      return true;
    }
    default:
      return true;
  }
}
