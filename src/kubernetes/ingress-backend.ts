// Where a backend of an Ingress leads (spec kubernetes 8.3, 8.4). What is wrong is given back as a value: path routes and default
// backends speak of it in different words.

import type { Backend } from "../eskip/route.ts";
import { externalNameBackend, isAllowedName, serviceNameBackend } from "./external-names.ts";
import type { IngressOptions } from "./ingress-options.ts";
import type { Ingress, Service, ServiceBackend, ServicePort } from "./objects.ts";
import { serviceBackend } from "./service-backend.ts";
import type { ServiceUse } from "./service-use.ts";
import type { TranslationSettings } from "./settings.ts";
import type { ClusterView } from "./translation.ts";

export type IngressBackend =
  | { readonly type: "service"; readonly backend: Backend }
  | { readonly type: "no endpoints" }
  | { readonly type: "no port"; readonly service: Service }
  | { readonly type: "external"; readonly name: string; readonly backend: Backend }
  | { readonly type: "no service" }
  | { readonly type: "external names are off" }
  | { readonly type: "external name not allowed"; readonly name: string };

export class IngressBackends {
  /** What was made of endpoints so far. */
  readonly uses: ServiceUse[] = [];
  readonly #ingress: Ingress;
  readonly #options: IngressOptions;
  readonly #view: ClusterView;
  readonly #settings: TranslationSettings;
  /** By Service and port, so that the paths of an Ingress share their endpoints. */
  readonly #found = new Map<string, IngressBackend>();

  constructor(ingress: Ingress, options: IngressOptions, view: ClusterView, settings: TranslationSettings) {
    this.#ingress = ingress;
    this.#options = options;
    this.#view = view;
    this.#settings = settings;
  }

  find(reference: ServiceBackend): IngressBackend {
    const key = `${reference.service} ${reference.port}`;
    let found = this.#found.get(key);
    if (found === undefined) {
      found = this.#resolve(reference);
      this.#found.set(key, found);
    }
    return found;
  }

  #resolve(reference: ServiceBackend): IngressBackend {
    const settings = this.#settings;
    const { namespace } = this.#ingress.metadata;
    const service = this.#view.service(namespace, reference.service);
    if (service === undefined) return { type: "no service" };
    const port = findServicePort(service, String(reference.port));
    if (port === undefined) return { type: "no port", service };
    if (service.type === "ExternalName") return this.#external(service.externalName, port);
    if (settings.forceService) {
      return { type: "service", backend: serviceNameBackend(namespace, reference.service, port) };
    }
    const { scheme, zoneAware, lbAlgorithm: algorithm } = this.#options;
    const query = { kind: "Ingress", service, port, scheme, zoneAware, algorithm } as const;
    const backend = serviceBackend(this.#view, settings, query);
    this.uses.push({ query, backend });
    return backend === null ? { type: "no endpoints" } : { type: "service", backend };
  }

  #external(name: string, port: ServicePort): IngressBackend {
    if (!this.#settings.externalNames) return { type: "external names are off" };
    if (!isAllowedName(this.#settings, name)) return { type: "external name not allowed", name };
    return { type: "external", name, backend: externalNameBackend(name, port) };
  }
}

/** By number or name; a port that leads nowhere counts as absent. */
function findServicePort(service: Service, text: string): ServicePort | undefined {
  return service.ports.find(
    ({ name, port, targetPort }) => targetPort !== null && (String(port) === text || name === text),
  );
}
