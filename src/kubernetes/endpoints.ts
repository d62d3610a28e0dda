// The addresses behind a Service (spec kubernetes 7.2 to 7.5): from Endpoints or from EndpointSlices, in all zones or, where there are
// enough, in one.

import { compareBytes } from "../eskip/byte-order.ts";
import type { Backend, Call, LbEndpoint } from "../eskip/route.ts";
import { annotation, ignoresZones } from "./annotations.ts";
import type { EndpointPort, EndpointSlice, Metadata, Service, ServicePort } from "./objects.ts";
import type { TranslationSettings } from "./settings.ts";
import type { ClusterView } from "./translation.ts";

/** With so many endpoints in a zone the others are left out. */
const ZONE_MINIMUM = 3;
const H2C = "kubernetes.io/h2c";

/** Which port of the endpoints is meant: an Ingress goes by the Service's port, a RouteGroup by its target. */
export interface PortChoice {
  readonly endpoints: (ports: readonly EndpointPort[]) => EndpointPort | undefined;
  readonly slices: (ports: readonly EndpointPort[]) => EndpointPort | undefined;
  /** The number when no port of the slices is named; 0 makes addresses that nobody answers on (spec kubernetes 7.3). */
  readonly fallback: number;
}

export function ingressPort(port: ServicePort): PortChoice {
  const bySlice = (of: readonly EndpointPort[]) =>
    of.find((one) => isTcp(one) && (one.name === port.name || one.port === port.port));
  const isNumber = port.name === "" && typeof port.targetPort === "number";
  return {
    endpoints: (of) => (of.length === 1 ? of[0] : of.find((one) => one.name === port.name)),
    slices: bySlice,
    fallback: isNumber ? (port.targetPort as number) : 0,
  };
}

export function routeGroupPort({ targetPort }: ServicePort): PortChoice {
  const name = typeof targetPort === "string" ? targetPort : "";
  return {
    endpoints: (of) =>
      of.find((one) => (typeof targetPort === "string" ? one.name === targetPort : one.port === targetPort)),
    slices: (of) => of.find((one) => isTcp(one) && (one.name === name || one.port === targetPort)),
    fallback: 0,
  };
}

function isTcp({ protocol }: EndpointPort): boolean {
  return protocol === "TCP" || protocol === "";
}

/** The endpoints of a Service for the routes of an object, sorted. `allZones`: whatever the flags say. */
export function serviceEndpoints(
  view: ClusterView,
  settings: TranslationSettings,
  owner: Metadata,
  service: Service,
  choice: PortChoice,
  allZones: boolean,
): readonly LbEndpoint[] {
  const { namespace, name } = service.metadata;
  const protocol = annotation(owner, "backendProtocol");
  if (!settings.endpointSlices) {
    for (const { addresses, ports } of view.endpoints(namespace, name)?.subsets ?? []) {
      const port = choice.endpoints(ports);
      if (port === undefined) continue;
      return sorted(addresses.map((ip) => ({ address: url(protocol || "http", ip, port.port), zone: "" })));
    }
    return [];
  }
  const slices = view.endpointSlices(namespace, name).filter(({ ports }) => ports !== null);
  const port = choice.slices(slices.at(-1)?.ports ?? []);
  const scheme = protocol || (port?.appProtocol === H2C ? "h2c" : "http");
  const number = choice.fallback > 0 ? choice.fallback : (port?.port ?? 0);
  const endpoints = sorted(
    [...readyAddresses(slices)].map(([ip, zone]) => ({ address: url(scheme, ip, number), zone })),
  );
  return allZones || ignoresZones(owner) ? endpoints : ofZone(endpoints, settings.topologyZone);
}

/** Addresses that are ready in a slice and terminating in none, with their zones. */
function readyAddresses(slices: readonly EndpointSlice[]): ReadonlyMap<string, string> {
  const zones = new Map<string, string>();
  const terminating = new Set<string>();
  for (const { endpoints } of slices) {
    for (const { address, zone, ready, terminating: ends } of endpoints) {
      if (ends) terminating.add(address);
      else if (ready) zones.set(address, zone);
    }
  }
  for (const address of terminating) zones.delete(address);
  return zones;
}

function ofZone(endpoints: readonly LbEndpoint[], zone: string): readonly LbEndpoint[] {
  if (zone === "") return endpoints;
  const near = endpoints.filter((endpoint) => endpoint.zone === zone);
  return near.length >= ZONE_MINIMUM ? near : endpoints;
}

function url(scheme: string, ip: string, port: number): string {
  return `${scheme}://${ip.includes(":") ? `[${ip}]` : ip}:${port}`;
}

function sorted(endpoints: LbEndpoint[]): readonly LbEndpoint[] {
  return endpoints.sort((a, b) => compareBytes(a.address, b.address));
}

/** What a route says when its Service has no endpoints. */
export const noEndpointsFilters: readonly Call[] = [
  { name: "status", args: [502] },
  { name: "inlineContent", args: ["no endpoints"] },
];

/** The backend of one or more endpoints; null when there are none. */
export function endpointsBackend(endpoints: readonly LbEndpoint[], algorithm: string): Backend | null {
  if (endpoints.length === 0) return null;
  if (endpoints.length === 1) return { type: "network", address: endpoints[0]!.address };
  return { type: "lb", algorithm, endpoints };
}
