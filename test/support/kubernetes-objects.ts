// Objects of a cluster as they are written, short: for tests and benchmarks.

import type { StoredObject } from "./kubernetes-store.ts";

type Annotations = Record<string, string>;

/** Leads `host` to a Service; the namespace is "default" unless the name has one in front: `team/web`. */
export function ingress(name: string, host: string, service: string, annotations: Annotations = {}): StoredObject {
  const backend = { service: { name: service, port: { number: 80 } } };
  return {
    kind: "Ingress",
    metadata: { ...named(name), annotations },
    spec: { rules: [{ host, http: { paths: [{ path: "/", pathType: "Prefix", backend }] } }] },
  };
}

/** Leads hosts to the Service whose name is their first label. */
export function routeGroup(name: string, hosts: readonly string[], annotations: Annotations = {}): StoredObject {
  const services = [...new Set(hosts.map((host) => host.split(".")[0]!))];
  return {
    kind: "RouteGroup",
    metadata: { ...named(name), annotations },
    spec: {
      hosts,
      backends: services.map((service) => ({ name: service, type: "service", serviceName: service, servicePort: 80 })),
      defaultBackends: services.map((service) => ({ backendName: service })),
    },
  };
}

/** `spec` adds to its spec, or replaces parts of it. */
export function service(name: string, port = 80, spec: object = {}): StoredObject {
  return {
    kind: "Service",
    metadata: named(name),
    spec: { type: "ClusterIP", clusterIP: "10.0.0.1", ports: [{ name: "main", port, targetPort: 8080 }], ...spec },
  };
}

export function endpoints(name: string, ...ips: readonly string[]): StoredObject {
  return endpointsAt(name, 8080, ips);
}

export function endpointsAt(name: string, port: number, ips: readonly string[]): StoredObject {
  const addresses = ips.map((ip) => ({ ip }));
  const subsets = ips.length === 0 ? [] : [{ addresses, ports: [{ name: "main", port, protocol: "TCP" }] }];
  return { kind: "Endpoints", metadata: named(name), subsets };
}

/** One slice of a Service. */
export function endpointSlice(name: string, service: string, ...ips: readonly string[]): StoredObject {
  return {
    kind: "EndpointSlice",
    metadata: { ...named(name), labels: { "kubernetes.io/service-name": service } },
    endpoints: ips.map((ip) => ({ addresses: [ip], conditions: { ready: true } })),
    ports: [{ name: "main", port: 8080, protocol: "TCP" }],
  };
}

function named(name: string): { namespace: string; name: string } {
  const slash = name.indexOf("/");
  return slash < 0 ? { namespace: "default", name } : { namespace: name.slice(0, slash), name: name.slice(slash + 1) };
}
