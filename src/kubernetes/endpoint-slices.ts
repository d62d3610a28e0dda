// The addresses of a Service from its EndpointSlices (spec kubernetes 7.3), each with its zone.

import type { LbEndpoint } from "../eskip/route.ts";
import { endpointUrl } from "./endpoint-url.ts";
import type { EndpointPort, EndpointSlice, ServicePort } from "./objects.ts";

const H2C = "kubernetes.io/h2c";

/** Which port of the slices a Service port leads to, and what is asked for its protocol. */
interface PortChoice {
  /** 0 when no port fits: the address is wrong then, as users know it. */
  readonly port: number;
  /** The port that was found by name or number. */
  readonly found: EndpointPort | undefined;
}

/** `scheme` "": as the slices say, else http. */
export function sliceEndpointsForIngress(
  slices: readonly EndpointSlice[],
  port: ServicePort,
  scheme: string,
): readonly LbEndpoint[] {
  return endpointsOf(slices, scheme, (ports) => {
    const found = findPort(ports, port.name, port.port);
    const isNumbered = port.name === "" && typeof port.targetPort === "number";
    return { found, port: isNumbered ? (port.targetPort as number) : (found?.port ?? 0) };
  });
}

/** `scheme` "": as the slices say, else http. */
export function sliceEndpointsForRouteGroup(
  slices: readonly EndpointSlice[],
  { targetPort }: ServicePort,
  scheme: string,
): readonly LbEndpoint[] {
  return endpointsOf(slices, scheme, (ports) => {
    // A numeric target port is looked for with an empty name, so an unnamed port fits at once.
    const found =
      typeof targetPort === "string" ? findPort(ports, targetPort, 0) : findPort(ports, "", targetPort ?? 0);
    return { found, port: found?.port ?? 0 };
  });
}

function findPort(ports: readonly EndpointPort[], name: string, number: number): EndpointPort | undefined {
  return ports.find((port) => isTcp(port) && (port.name === name || port.port === number));
}

/** The API server writes TCP where nothing is written. */
function isTcp({ protocol }: EndpointPort): boolean {
  return protocol === "TCP" || protocol === "";
}

function endpointsOf(
  slices: readonly EndpointSlice[],
  scheme: string,
  choose: (ports: readonly EndpointPort[]) => PortChoice,
): readonly LbEndpoint[] {
  const present = slices.filter((slice) => slice.ports !== null);
  const last = present.at(-1);
  if (last === undefined) return [];
  const { port, found } = choose(last.ports ?? []);
  const usedScheme = scheme === "" ? (found?.appProtocol === H2C ? "h2c" : "http") : scheme;
  const endpoints: LbEndpoint[] = [];
  for (const [address, zone] of readyAddresses(present)) {
    endpoints.push({ address: endpointUrl(usedScheme, address, port), zone });
  }
  return endpoints.sort((a, b) => (a.address < b.address ? -1 : 1));
}

/** The zones of all addresses that are ready in one slice and terminating in none. */
function readyAddresses(slices: readonly EndpointSlice[]): Map<string, string> {
  const zones = new Map<string, string>();
  const terminating = new Set<string>();
  for (const { endpoints } of slices) {
    for (const endpoint of endpoints) {
      if (endpoint.terminating) terminating.add(endpoint.address);
      else if (endpoint.ready) zones.set(endpoint.address, endpoint.zone);
    }
  }
  for (const address of terminating) zones.delete(address);
  return zones;
}
