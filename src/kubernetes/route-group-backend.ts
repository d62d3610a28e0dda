// Where a backend of a RouteGroup leads (spec kubernetes 9.3 to 9.5), with the filters that belong to it.

import { parseEndpoint } from "../eskip/endpoint.ts";
import { type Backend, type Call, dynamicBackend, loopbackBackend, shuntBackend } from "../eskip/route.ts";
import { zoneUnawareFilter } from "../eskip/zones.ts";
import type { CommonOptions } from "./annotations.ts";
import { isAllowedAddress } from "./external-names.ts";
import type { Metadata, RouteGroupBackend } from "./objects.ts";
import { noEndpointsFilters, serviceBackend } from "./service-backend.ts";
import type { ServiceUse } from "./service-use.ts";
import type { TranslationSettings } from "./settings.ts";
import type { ClusterView, Problem } from "./translation.ts";

export interface BuiltBackend {
  readonly backend: Backend;
  /** In front of the filters of the route. */
  readonly filters: readonly Call[];
  /** False: the filters of the route do not count. */
  readonly keepsRouteFilters: boolean;
}

/** Where the routes of a group are built. */
export interface GroupContext {
  readonly metadata: Metadata;
  readonly options: CommonOptions;
  readonly view: ClusterView;
  readonly settings: TranslationSettings;
  readonly problems: Problem[];
  /** Takes what is made of endpoints. */
  readonly uses: ServiceUse[];
  /** True for hosts inside of the cluster, which know no zones. */
  readonly internal: boolean;
}

const none: readonly never[] = Object.freeze([]);

/** The backend, or why there is none. */
export function routeGroupBackend(backend: RouteGroupBackend, context: GroupContext): BuiltBackend | string {
  const { settings } = context;
  switch (backend.type) {
    case "shunt":
      return plain(shuntBackend);
    case "loopback":
      return plain(loopbackBackend);
    case "dynamic":
      return plain(dynamicBackend);
    case "forward":
      return {
        backend: { type: "network", address: settings.forwardBackendUrl },
        filters: none,
        keepsRouteFilters: false,
      };
    case "network":
      return isAllowedAddress(settings, backend.address)
        ? plain({ type: "network", address: backend.address })
        : `routegroup with not allowed network backend: ${backend.address}`;
    case "lb":
      return lbBackend(backend, settings);
    default:
      return ofService(backend, context);
  }
}

function plain(backend: Backend): BuiltBackend {
  return { backend, filters: none, keepsRouteFilters: true };
}

function lbBackend({ endpoints, algorithm }: RouteGroupBackend, settings: TranslationSettings): BuiltBackend | string {
  const refused = endpoints.find((endpoint) => !isAllowedAddress(settings, endpoint));
  if (refused !== undefined) return `routegroup with not allowed explicit LB endpoint: ${refused}`;
  return plain({
    type: "lb",
    algorithm: algorithm || settings.defaultLbAlgorithm,
    endpoints: endpoints.map(parseEndpoint),
  });
}

function ofService(
  { serviceName, servicePort, algorithm }: RouteGroupBackend,
  { metadata, options, view, settings, uses, internal }: GroupContext,
): BuiltBackend | string {
  const { namespace } = metadata;
  const service = view.service(namespace, serviceName);
  if (service === undefined) return `${namespace}/${serviceName}: service not found`;
  if (service.type.toLowerCase() !== "clusterip") {
    return `not supported service type in service/${namespace}/${serviceName}: ${service.type}`;
  }
  const port = service.ports.find((one) => one.port === servicePort);
  if (port === undefined || port.targetPort === null) return `target port not found: ${serviceName}:${servicePort}`;
  const query = {
    kind: "RouteGroup",
    service,
    port,
    scheme: options.scheme,
    zoneAware: options.zoneAware && !internal,
    algorithm: algorithm || settings.defaultLbAlgorithm,
  } as const;
  const backend = serviceBackend(view, settings, query);
  uses.push({ query, backend });
  if (backend === null) return { backend: shuntBackend, filters: noEndpointsFilters, keepsRouteFilters: false };
  return { backend, filters: options.zoneAware ? none : [zoneUnawareFilter], keepsRouteFilters: true };
}
