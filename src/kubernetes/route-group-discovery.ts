// Whether RouteGroups are installed in the cluster (spec kubernetes 3.1): asked before each list of them. An API that cannot say leaves
// known RouteGroups as they are; where none are known yet, the cluster counts as one without them after some attempts.

import type { Logger } from "../observability/log.ts";
import type { ApiClient } from "./api-client.ts";
import { ApiError } from "./api-error.ts";
import { member, text } from "./json-fields.ts";
import type { Installation } from "./resource-watch.ts";
import { ROUTE_GROUP_DISCOVERY } from "./resources.ts";

const NOT_INSTALLED =
  "RouteGroups CRD is not installed in the cluster.\nSee: https://opensource.zalando.com/skipper/kubernetes/routegroups/#installation";
/** Attempts that fail before a start goes on without RouteGroups. */
const ATTEMPTS = 3;

/** `isKnown`: whether there are RouteGroups that an error must not take away. */
export function routeGroupDiscovery(
  client: ApiClient,
  isKnown: () => boolean,
  log: Logger,
): () => Promise<Installation> {
  let isWarned = false;
  let attempts = 0;
  let problem = "";
  return async () => {
    let resources: unknown;
    try {
      resources = member(await client.get(ROUTE_GROUP_DISCOVERY), "resources");
    } catch (error) {
      if (error instanceof ApiError && error.status === 404) {
        problem = "";
        if (!isWarned) log.warn(NOT_INSTALLED);
        isWarned = true;
        return "absent";
      }
      const { message } = error as Error;
      if (message !== problem) log.error(`Error while checking known resource types: ${message}.`);
      problem = message;
      if (isKnown() || ++attempts < ATTEMPTS) throw error;
      return "unknown";
    }
    problem = "";
    const isInstalled = Array.isArray(resources) && resources.some((one) => text(one, "name") === "routegroups");
    if (isInstalled) isWarned = false;
    return isInstalled ? "installed" : "absent";
  };
}
