// The resources that are read: their paths and names (spec kubernetes 3).

import type { Kind } from "./objects.ts";

interface Resource {
  /** Path of its group. */
  readonly group: string;
  /** Plural name in paths and messages. */
  readonly plural: string;
}

const resources: Readonly<Record<Kind, Resource>> = {
  Ingress: { group: "/apis/networking.k8s.io/v1", plural: "ingresses" },
  RouteGroup: { group: "/apis/zalando.org/v1", plural: "routegroups" },
  Service: { group: "/api/v1", plural: "services" },
  Endpoints: { group: "/api/v1", plural: "endpoints" },
  EndpointSlice: { group: "/apis/discovery.k8s.io/v1", plural: "endpointslices" },
  Secret: { group: "/api/v1", plural: "secrets" },
};

/** What says whether RouteGroups are installed. */
export const ROUTE_GROUP_DISCOVERY: string = resources.RouteGroup.group;

export function pluralOf(kind: Kind): string {
  return resources[kind].plural;
}

/** Path of the list of a kind; `namespace` "" for all. */
export function listPath(kind: Kind, namespace: string): string {
  const { group, plural } = resources[kind];
  return namespace === "" ? `${group}/${plural}` : `${group}/namespaces/${encodeURIComponent(namespace)}/${plural}`;
}
