// What the parts of an Ingress translation share while one Ingress is translated, and what they all say of its backends.

import { type Call, type Route, shuntBackend } from "../eskip/route.ts";
import { zoneUnawareFilter } from "../eskip/zones.ts";
import { externalHostFilters } from "./external-names.ts";
import { type IngressBackend, IngressBackends } from "./ingress-backend.ts";
import { type IngressOptions, readIngressOptions } from "./ingress-options.ts";
import type { Ingress, Metadata, ServiceBackend } from "./objects.ts";
import { noEndpointsFilters } from "./service-backend.ts";
import type { TranslationSettings } from "./settings.ts";
import type { ClusterView, Problem } from "./translation.ts";

const none: readonly never[] = Object.freeze([]);

export class IngressContext {
  readonly metadata: Metadata;
  readonly view: ClusterView;
  readonly settings: TranslationSettings;
  readonly options: IngressOptions;
  readonly backends: IngressBackends;
  readonly problems: Problem[] = [];

  constructor(ingress: Ingress, view: ClusterView, settings: TranslationSettings) {
    this.metadata = ingress.metadata;
    this.view = view;
    this.settings = settings;
    this.options = readIngressOptions(ingress.metadata, settings, this.problems);
    this.backends = new IngressBackends(ingress, this.options, view, settings);
  }

  report(level: Problem["level"], message: string): void {
    this.problems.push({ level, message, bare: false });
  }

  reportNoService({ service, port }: ServiceBackend): void {
    const reason = service === "" ? ": the backend names none" : ` ${service}, ${port}`;
    this.report("error", `Failed to get service${reason}`);
  }

  /** The filters that belong to the backend itself. */
  backendFilters(found: IngressBackend): readonly Call[] {
    if (isWithoutEndpoints(found)) return noEndpointsFilters;
    if (found.type === "external") return externalHostFilters(this.settings, found.name);
    const isUnaware = found.type === "service" && found.backend.type === "lb" && !this.options.zoneAware;
    return isUnaware ? unaware : none;
  }
}

const unaware: readonly Call[] = [zoneUnawareFilter];

export function isWithoutEndpoints({ type }: IngressBackend): boolean {
  return type === "no endpoints" || type === "no port";
}

/** Where a route to the backend goes; without endpoints its filters answer. */
export function routeBackend(found: IngressBackend): Route["backend"] {
  return found.type === "service" || found.type === "external" ? found.backend : shuntBackend;
}
