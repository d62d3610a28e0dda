// Objects for tests, written with the few fields that a test is about.

import type { Ingress, Metadata, RouteGroup, RouteGroupBackend, RouteGroupRoute, RouteGroupSpec } from "./objects.ts";

export function metadataOf(name: string, annotations: Readonly<Record<string, string>> = {}): Metadata {
  return {
    namespace: "default",
    name,
    uid: "",
    resourceVersion: "1",
    creationTimestamp: "",
    annotations: new Map(Object.entries(annotations)),
    labels: new Map(),
  };
}

export function ingressOf(name: string, annotations: Readonly<Record<string, string>>): Ingress {
  return {
    kind: "Ingress",
    metadata: metadataOf(name, annotations),
    ingressClassName: "",
    defaultBackend: null,
    rules: [],
    tls: [],
    addresses: [],
  };
}

/** A spec as it stands in an object, with any of its fields left out. */
export interface LooseRouteGroupSpec extends Partial<Omit<RouteGroupSpec, "backends" | "defaultBackends" | "routes">> {
  readonly backends?: readonly Partial<RouteGroupBackend>[];
  readonly defaultBackends?: readonly LooseReference[];
  readonly routes?: readonly ((Omit<Partial<RouteGroupRoute>, "backends"> & { backends?: LooseReference[] }) | null)[];
}

interface LooseReference {
  readonly backendName?: string;
  readonly weight?: number;
}

export function routeGroupOf(name: string, spec: LooseRouteGroupSpec | null): RouteGroup {
  return {
    kind: "RouteGroup",
    metadata: metadataOf(name),
    spec: spec === null ? null : specOf(spec),
    accepted: null,
  };
}

function specOf(spec: LooseRouteGroupSpec): RouteGroupSpec {
  return {
    hosts: spec.hosts ?? [],
    backends: (spec.backends ?? []).map((backend) => ({
      name: backend.name ?? "",
      type: backend.type ?? "",
      address: backend.address ?? "",
      algorithm: backend.algorithm ?? "",
      endpoints: backend.endpoints ?? [],
      serviceName: backend.serviceName ?? "",
      servicePort: backend.servicePort ?? 0,
    })),
    defaultBackends: (spec.defaultBackends ?? []).map(referenceOf),
    routes: (spec.routes ?? []).map((route) =>
      route === null
        ? null
        : {
            path: route.path ?? "",
            pathSubtree: route.pathSubtree ?? "",
            pathRegexp: route.pathRegexp ?? "",
            backends: (route.backends ?? []).map(referenceOf),
            filters: (route.filters ?? []).map((text) => text ?? ""),
            predicates: (route.predicates ?? []).map((text) => text ?? ""),
            methods: (route.methods ?? []).map((text) => text ?? ""),
          },
    ),
    tls: spec.tls ?? [],
  };
}

function referenceOf({ backendName = "", weight = 0 }: LooseReference): { backendName: string; weight: number } {
  return { backendName, weight };
}
