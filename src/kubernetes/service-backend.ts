// From a port of a Service to the backend of a route (spec kubernetes 7.2 to 7.5), by whichever objects say where its endpoints are.

import type { Backend, Call, LbEndpoint } from "../eskip/route.ts";
import { endpointsOfZone } from "../eskip/zones.ts";
import { sliceEndpointsForIngress, sliceEndpointsForRouteGroup } from "./endpoint-slices.ts";
import { endpointsForIngress, endpointsForRouteGroup } from "./endpoints.ts";
import type { ServiceBackendQuery } from "./service-use.ts";
import type { TranslationSettings } from "./settings.ts";
import type { ClusterView } from "./translation.ts";

/** Take the place of a route's filters when its Service has no endpoints; the route is a shunt then. */
export const noEndpointsFilters: readonly Call[] = [
  { name: "status", args: [502] },
  { name: "inlineContent", args: ["no endpoints"] },
];

/** null: there are no endpoints. */
export function serviceBackend(
  view: ClusterView,
  settings: TranslationSettings,
  query: ServiceBackendQuery,
): Backend | null {
  const endpoints = settings.endpointSlices ? fromSlices(view, settings, query) : fromEndpoints(view, query);
  if (endpoints.length === 0) return null;
  if (endpoints.length === 1) return { type: "network", address: endpoints[0]!.address };
  return { type: "lb", algorithm: query.algorithm, endpoints };
}

function fromEndpoints(view: ClusterView, { kind, service, port, scheme }: ServiceBackendQuery): readonly LbEndpoint[] {
  const find = kind === "Ingress" ? endpointsForIngress : endpointsForRouteGroup;
  return find(view.endpoints(service.metadata.namespace, service.metadata.name), port, scheme || "http");
}

function fromSlices(
  view: ClusterView,
  settings: TranslationSettings,
  { kind, service, port, scheme, zoneAware }: ServiceBackendQuery,
): readonly LbEndpoint[] {
  const find = kind === "Ingress" ? sliceEndpointsForIngress : sliceEndpointsForRouteGroup;
  const endpoints = find(view.endpointSlices(service.metadata.namespace, service.metadata.name), port, scheme);
  return zoneAware ? endpointsOfZone(endpoints, settings.topologyZone) : endpoints;
}
