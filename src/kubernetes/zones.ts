// Zone awareness (spec kubernetes 7.4): a proxy prefers the endpoints of its own zone while there are enough of them.

import type { Call, LbEndpoint } from "../eskip/route.ts";

/** Fewer endpoints than this would carry too much of the traffic each. */
const MIN_ENDPOINTS = 3;

/** Tells RouteSRV, which serves proxies of all zones, that an object wants none of this. */
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
