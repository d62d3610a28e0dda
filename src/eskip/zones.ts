// Zone awareness (spec kubernetes 7.4, routesrv 4): a proxy prefers the endpoints of its own zone while there are enough of them. The
// Kubernetes data client of a proxy leaves the others out; the Route Server does so for each zone.

import type { Call, LbEndpoint, Route } from "./route.ts";

/** Fewer endpoints than this would carry too much of the traffic each. */
const MIN_ENDPOINTS = 3;

/** Tells the Route Server, which serves proxies of all zones, that an object wants none of this. */
export const zoneUnawareFilter: Call = {
  name: "annotate",
  args: ["zalando.org/traffic-zone-aware", "false"],
};

/** The endpoints of the zone, or all of them; `zone` "" for all. */
export function endpointsOfZone(endpoints: readonly LbEndpoint[], zone: string): readonly LbEndpoint[] {
  if (zone === "") return endpoints;
  const near = endpoints.filter((endpoint) => endpoint.zone === zone);
  return near.length >= MIN_ENDPOINTS ? near : endpoints;
}

/** Whether the route carries `zoneUnawareFilter`. */
export function isZoneUnaware(route: Route): boolean {
  return route.filters.some(
    ({ name, args }) =>
      name === zoneUnawareFilter.name && args.length === 2 && args.every((arg, i) => arg === zoneUnawareFilter.args[i]),
  );
}
