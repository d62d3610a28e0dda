// The addresses of a Service from its Endpoints object (spec kubernetes 7.2).

import type { LbEndpoint } from "../eskip/route.ts";
import { endpointUrl } from "./endpoint-url.ts";
import type { EndpointPort, Endpoints, ServicePort } from "./objects.ts";

type FindPort = (ports: readonly EndpointPort[]) => EndpointPort | undefined;

/** An Ingress goes by the name of the Service port; a subset with a single port needs no name. */
export function endpointsForIngress(
  object: Endpoints | undefined,
  port: ServicePort,
  scheme: string,
): readonly LbEndpoint[] {
  return endpointsWithPort(object, scheme, (ports) =>
    ports.length === 1 ? ports[0] : ports.find(({ name }) => name === port.name),
  );
}

/** A RouteGroup goes by the target port: its number, or a name that the port of the endpoints has as well. */
export function endpointsForRouteGroup(
  object: Endpoints | undefined,
  port: ServicePort,
  scheme: string,
): readonly LbEndpoint[] {
  const { targetPort } = port;
  return endpointsWithPort(object, scheme, (ports) =>
    ports.find((one) => (typeof targetPort === "string" ? one.name : one.port) === targetPort),
  );
}

/** The addresses of the first subset that has the port. */
function endpointsWithPort(object: Endpoints | undefined, scheme: string, find: FindPort): readonly LbEndpoint[] {
  for (const { addresses, ports } of object?.subsets ?? []) {
    const port = find(ports);
    if (port === undefined) continue;
    const urls = addresses.map((address) => endpointUrl(scheme, address, port.port)).sort();
    return urls.map((address) => ({ address, zone: "" }));
  }
  return [];
}
