// From the JSON of the API to the objects that routes depend on (spec kubernetes 3 and 4): strict about the types of what is read,
// lenient about what is not, and never crashing. Used for what is listed and watched, and by the admission webhook.

import type {
  Address,
  BackendReference,
  EndpointPort,
  EndpointSlice,
  Endpoints,
  Ingress,
  IngressPath,
  Kind,
  KubernetesObject,
  Metadata,
  RouteGroup,
  RouteGroupRoute,
  RouteGroupSpec,
  Secret,
  Service,
  ServiceBackend,
  ServicePort,
  SliceEndpoint,
  TlsEntry,
} from "./objects.ts";
import { JsonFields, type JsonObject } from "./typed-fields.ts";

/** Why JSON is no object of its kind. */
export class DecodeFault {
  /** Names the field, what was expected and what was got. */
  readonly message: string;
  constructor(message: string) {
    this.message = message;
  }
}

const SERVICE_LABEL = "kubernetes.io/service-name";
const CERTIFICATE = "tls.crt";
const PRIVATE_KEY = "tls.key";

/** The object, or what is wrong with it; the message names kind, namespace and name. */
export function decodeObject(kind: Kind, json: unknown): KubernetesObject | DecodeFault {
  const fields = new JsonFields();
  const object = fields.whole(json, "object");
  if (object === null)
    return new DecodeFault(`${kind}: object: expected an object, got ${json === null ? "null" : typeof json}`);
  const decoded = decoders[kind](fields, object);
  const { namespace, name } = decoded.metadata;
  return fields.fault === "" ? decoded : new DecodeFault(`${kind} ${namespace}/${name}: ${fields.fault}`);
}

const decoders: {
  readonly [K in Kind]: (fields: JsonFields, object: JsonObject) => Extract<KubernetesObject, { kind: K }>;
} = {
  Ingress: decodeIngress,
  RouteGroup: routeGroupOf,
  Service: decodeService,
  Endpoints: decodeEndpoints,
  EndpointSlice: decodeEndpointSlice,
  Secret: decodeSecret,
};

/** `fallback`: the namespace of an object that names none. */
export function metadataOf(fields: JsonFields, object: JsonObject | null, fallback: string): Metadata {
  const metadata = fields.part(object, "metadata");
  return {
    namespace: fields.text(metadata, "namespace") || fallback,
    name: fields.text(metadata, "name"),
    uid: fields.text(metadata, "uid"),
    resourceVersion: fields.text(metadata, "resourceVersion"),
    creationTimestamp: fields.text(metadata, "creationTimestamp"),
    annotations: fields.textMap(metadata, "annotations"),
    labels: fields.textMap(metadata, "labels"),
  };
}

/** An Ingress without namespace, name or spec has an empty name: it is left out as a whole. */
function decodeIngress(fields: JsonFields, object: JsonObject): Ingress {
  const metadata = metadataOf(fields, object, "");
  const spec = fields.part(object, "spec");
  const isWhole = spec !== null && metadata.namespace !== "" && metadata.name !== "";
  return {
    kind: "Ingress",
    metadata: isWhole ? metadata : { ...metadata, name: "" },
    ingressClassName: fields.text(spec, "ingressClassName"),
    defaultBackend: serviceBackend(fields, fields.part(spec, "defaultBackend")),
    rules: fields.parts(spec, "rules").map((rule) => {
      const http = fields.part(rule, "http");
      return {
        host: fields.text(rule, "host"),
        paths: http === null ? null : fields.parts(http, "paths").flatMap((path) => ingressPath(fields, path)),
      };
    }),
    tls: tlsEntries(fields, spec),
    addresses: statusAddresses(fields, object),
  };
}

function ingressPath(fields: JsonFields, path: JsonObject): IngressPath[] {
  const backend = serviceBackend(fields, fields.part(path, "backend"));
  if (backend === null) return [];
  return [{ path: fields.text(path, "path"), pathType: fields.text(path, "pathType"), backend }];
}

/** null: no backend, or one of another sort than a Service. */
function serviceBackend(fields: JsonFields, backend: JsonObject | null): ServiceBackend | null {
  const service = fields.part(backend, "service");
  if (service === null) return null;
  const port = fields.part(service, "port");
  const number = fields.integer(port, "number");
  return { service: fields.text(service, "name"), port: number === 0 ? fields.text(port, "name") : number };
}

function tlsEntries(fields: JsonFields, spec: JsonObject | null): readonly TlsEntry[] {
  return fields
    .parts(spec, "tls")
    .map((tls) => ({ hosts: fields.texts(tls, "hosts"), secretName: fields.text(tls, "secretName") }));
}

function statusAddresses(fields: JsonFields, object: JsonObject): readonly Address[] {
  const loadBalancer = fields.part(fields.part(object, "status"), "loadBalancer");
  return fields
    .parts(loadBalancer, "ingress")
    .map((address) => ({ ip: fields.text(address, "ip"), hostname: fields.text(address, "hostname") }));
}

export function routeGroupOf(fields: JsonFields, object: JsonObject | null): RouteGroup {
  const spec = fields.part(object, "spec");
  return {
    kind: "RouteGroup",
    metadata: metadataOf(fields, object, "default"),
    spec: spec === null ? null : routeGroupSpec(fields, spec),
  };
}

function routeGroupSpec(fields: JsonFields, spec: JsonObject): RouteGroupSpec {
  const backends = fields.items(spec, "backends").map((item) => fields.whole(item, "backends"));
  const routes = fields.items(spec, "routes").map((item) => fields.whole(item, "routes"));
  return {
    hosts: fields.texts(spec, "hosts"),
    backends: backends.map((backend) => ({
      name: fields.text(backend, "name"),
      type: fields.text(backend, "type"),
      address: fields.text(backend, "address"),
      algorithm: fields.text(backend, "algorithm"),
      endpoints: fields.texts(backend, "endpoints"),
      serviceName: fields.text(backend, "serviceName"),
      servicePort: fields.integer(backend, "servicePort"),
    })),
    defaultBackends: backendReferences(fields, spec, "defaultBackends"),
    routes: routes.map((route) => (route === null ? null : routeGroupRoute(fields, route))),
    tls: tlsEntries(fields, spec),
  };
}

function routeGroupRoute(fields: JsonFields, route: JsonObject): RouteGroupRoute {
  return {
    path: fields.text(route, "path"),
    pathSubtree: fields.text(route, "pathSubtree"),
    pathRegexp: fields.text(route, "pathRegexp"),
    backends: backendReferences(fields, route, "backends"),
    filters: fields.texts(route, "filters"),
    predicates: fields.texts(route, "predicates"),
    methods: fields.texts(route, "methods"),
  };
}

function backendReferences(fields: JsonFields, of: JsonObject, name: string): readonly BackendReference[] {
  return fields.items(of, name).map((item) => {
    const reference = fields.whole(item, name);
    return { backendName: fields.text(reference, "backendName"), weight: fields.integer(reference, "weight") };
  });
}

/** A Service without name or spec has an empty name: it is left out. */
function decodeService(fields: JsonFields, object: JsonObject): Service {
  const metadata = metadataOf(fields, object, "default");
  const spec = fields.part(object, "spec");
  return {
    kind: "Service",
    metadata: spec === null ? { ...metadata, name: "" } : metadata,
    type: fields.text(spec, "type"),
    clusterIp: fields.text(spec, "clusterIP"),
    externalName: fields.text(spec, "externalName"),
    externalIps: fields.texts(spec, "externalIPs"),
    ports: fields.parts(spec, "ports").map((port) => servicePort(fields, port)),
    addresses: statusAddresses(fields, object),
  };
}

function servicePort(fields: JsonFields, port: JsonObject): ServicePort {
  return {
    name: fields.text(port, "name"),
    port: fields.integer(port, "port"),
    targetPort: fields.integerOrText(port, "targetPort"),
  };
}

function decodeEndpoints(fields: JsonFields, object: JsonObject): Endpoints {
  return {
    kind: "Endpoints",
    metadata: metadataOf(fields, object, "default"),
    subsets: fields.parts(object, "subsets").map((subset) => ({
      addresses: fields
        .parts(subset, "addresses")
        .map((address) => fields.text(address, "ip"))
        .filter((ip) => ip !== ""),
      ports: fields.parts(subset, "ports").map((port) => endpointPort(fields, port)),
    })),
  };
}

function endpointPort(fields: JsonFields, port: JsonObject): EndpointPort {
  return {
    name: fields.text(port, "name"),
    port: fields.integer(port, "port"),
    protocol: fields.text(port, "protocol"),
    appProtocol: fields.text(port, "appProtocol"),
  };
}

function decodeEndpointSlice(fields: JsonFields, object: JsonObject): EndpointSlice {
  const metadata = metadataOf(fields, object, "");
  return {
    kind: "EndpointSlice",
    metadata,
    service: metadata.labels.get(SERVICE_LABEL) ?? "",
    endpoints: fields.parts(object, "endpoints").flatMap((endpoint) => sliceEndpoint(fields, endpoint)),
    ports: fields.isAbsent(object, "ports")
      ? null
      : fields.parts(object, "ports").map((port) => endpointPort(fields, port)),
  };
}

function sliceEndpoint(fields: JsonFields, endpoint: JsonObject): SliceEndpoint[] {
  const address = fields.texts(endpoint, "addresses")[0] ?? "";
  if (address === "") return [];
  const conditions = fields.part(endpoint, "conditions");
  return [
    {
      address,
      zone: fields.text(endpoint, "zone"),
      ready: fields.flag(conditions, "ready") ?? true,
      terminating: fields.flag(conditions, "terminating") ?? false,
    },
  ];
}

function decodeSecret(fields: JsonFields, object: JsonObject): Secret {
  const data = fields.textMap(object, "data");
  return {
    kind: "Secret",
    metadata: metadataOf(fields, object, "default"),
    type: fields.text(object, "type"),
    certificate: data.get(CERTIFICATE) ?? null,
    privateKey: data.get(PRIVATE_KEY) ?? null,
  };
}
