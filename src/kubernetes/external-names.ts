// Addresses outside of the cluster: which are allowed, and what an ExternalName Service stands for (spec kubernetes 8.4, 9.5).

import type { Backend, Call } from "../eskip/route.ts";
import { splitBackendAddress } from "../eskip/url.ts";
import { toByteString } from "../util/bytes.ts";
import type { ServicePort } from "./objects.ts";
import type { TranslationSettings } from "./settings.ts";

const HTTPS_PORT = 443;

export function isAllowedName({ allowedExternalNames }: TranslationSettings, name: string): boolean {
  return allowedExternalNames === null || allowedExternalNames.some((pattern) => pattern.test(toByteString(name)));
}

/** The address of a network backend or endpoint of a RouteGroup. */
export function isAllowedAddress(settings: TranslationSettings, address: string): boolean {
  const parts = splitBackendAddress(address);
  return !("error" in parts) && isAllowedName(settings, parts.hostname);
}

export function externalNameBackend(externalName: string, port: ServicePort): Backend {
  return { type: "network", address: `${schemeOfPort(port)}://${externalName}:${port.targetPort}` };
}

/** The Service by its name in the cluster's DNS, for -kubernetes-force-service. */
export function serviceNameBackend(namespace: string, service: string, port: ServicePort): Backend {
  return {
    type: "network",
    address: `${schemeOfPort(port)}://${service}.${namespace}.svc.cluster.local:${port.targetPort}`,
  };
}

function schemeOfPort({ targetPort }: ServicePort): string {
  return targetPort === HTTPS_PORT ? "https" : "http";
}

/** External servers know themselves by their name, not by the host that the client asked for. */
export function externalHostFilters(settings: TranslationSettings, externalName: string): readonly Call[] {
  if (settings.externalNamePreserveHost) return [];
  return [{ name: "setRequestHeader", args: ["Host", externalName] }];
}
