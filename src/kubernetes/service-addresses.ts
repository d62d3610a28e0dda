// The addresses behind a Service, without ports: its endpoints (spec kubernetes 17) and what stands in the status of Ingresses
// (spec kubernetes 12).

import type { Address, EndpointSlice, Endpoints, Service } from "./objects.ts";

/** All addresses of all subsets, sorted. */
export function endpointAddresses(endpoints: Endpoints | undefined): string[] {
  return sorted(endpoints?.subsets.flatMap((subset) => subset.addresses) ?? []);
}

/** The addresses that are ready in some slice and terminating in none, sorted; of one zone when `zone` is not "". */
export function sliceAddresses(slices: readonly EndpointSlice[], zone: string): string[] {
  const zones = new Map<string, string>();
  const terminating = new Set<string>();
  for (const slice of slices) {
    if (slice.ports === null) continue;
    for (const endpoint of slice.endpoints) {
      if (endpoint.terminating) terminating.add(endpoint.address);
      else if (endpoint.ready) zones.set(endpoint.address, endpoint.zone);
    }
  }
  return sorted([...zones.keys()].filter((one) => !terminating.has(one) && (zone === "" || zones.get(one) === zone)));
}

/** What a Service is reached at; `endpoints` are asked for only where they count. */
export function statusAddresses(service: Service, endpoints: () => readonly string[]): Address[] {
  const external = service.externalIps.map(byIp);
  switch (service.type) {
    case "ExternalName":
      return [{ ip: "", hostname: service.externalName }];
    case "ClusterIP":
      return service.clusterIp === "" || service.clusterIp === "None" ? [] : [byIp(service.clusterIp)];
    case "NodePort":
      return external.length > 0 ? external : endpoints().map(byIp);
    case "LoadBalancer":
      return service.addresses.length > 0 ? [...service.addresses] : external;
    default:
      return external;
  }
}

function byIp(ip: string): Address {
  return { ip, hostname: "" };
}

function sorted(addresses: readonly string[]): string[] {
  return [...new Set(addresses)].sort();
}
