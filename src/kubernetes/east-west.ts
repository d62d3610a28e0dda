// Routes for callers inside of the cluster (spec kubernetes 10): copies for a host made of the object's name, the old way, and hosts
// in certain domains, which get predicates of their own.

import type { Call, Route } from "../eskip/route.ts";
import { hostPattern } from "./host-pattern.ts";
import type { Metadata } from "./objects.ts";
import { withHost } from "./route-edits.ts";
import { eastWestId } from "./route-ids.ts";
import type { TranslationSettings } from "./settings.ts";

/** `name.namespace.domain`; only while the old way is on. */
export function eastWestHost({ namespace, name }: Metadata, { eastWestDomain }: TranslationSettings): string {
  return `${name}.${namespace}.${eastWestDomain}`;
}

export function isInEastWestDomain({ eastWestDomain }: TranslationSettings, host: string): boolean {
  return eastWestDomain !== "" && host.endsWith(eastWestDomain);
}

export function eastWestCopy(route: Route, host: string): Route {
  return withHost(route, eastWestId(route.id), [hostPattern([host])]);
}

/** True for hosts that end with one of the range domains. */
export function isInternalHost({ eastWestRangeDomains }: TranslationSettings, host: string): boolean {
  return eastWestRangeDomains.some((domain) => host.endsWith(domain));
}

/** What the routes of a host in the range get, once for each domain that it ends with. */
export function rangePredicates(settings: TranslationSettings, host: string): readonly Call[] {
  const domains = settings.eastWestRangeDomains.filter((domain) => host.endsWith(domain));
  return domains.flatMap(() => settings.eastWestRangePredicates);
}
