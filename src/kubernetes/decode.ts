// From the JSON of the API to the objects that routes depend on (spec kubernetes 3 and 4): strict about the types of what is read,
// lenient about what is not, and never crashing. Used for what is listed and watched, and by the admission webhook.

import { member, text } from "./json-fields.ts";
import type {
  AcceptedCondition,
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
  /** A field has a wrong type, which no API server lets pass; and not only that something is missing. */
  readonly isMistyped: boolean;
  constructor(message: string, isMistyped = false) {
    this.message = message;
    this.isMistyped = isMistyped;
  }
}

const SERVICE_LABEL = "kubernetes.io/service-name";
const CERTIFICATE = "tls.crt";
const PRIVATE_KEY = "tls.key";
/** A copy of the whole object that kubectl leaves, and that no route depends on. */
const LAST_APPLIED = "kubectl.kubernetes.io/last-applied-configuration";

const none: ReadonlyMap<string, string> = new Map();

/** The object of a list or watch, or what is wrong with it; the message names kind, namespace and name. */
export function decodeObject(kind: Kind, json: unknown): KubernetesObject | DecodeFault {
  const fields = new JsonFields();
  const object = fields.whole(json, "object");
  const fault = (reason: string, place = "") => new DecodeFault(`${kind}${place}: ${reason}`, fields.fault !== "");
  if (object === null) return fault(fields.fault || "object: expected an object, got null");
  const decoded = decoders[kind](fields, object);
  const { namespace, name } = decoded.metadata;
  if (fields.fault !== "") return fault(fields.fault, ` ${namespace}/${name}`);
  // A RouteGroup without name or spec is one that its validation speaks of.
  if (kind === "RouteGroup") return decoded;
  const isWhole = name !== "" && !(kind in missing && fields.part(object, "spec") === null);
  if (kind === "Ingress" && (!isWhole || namespace === "")) return new DecodeFault(missing.Ingress);
  if (kind === "Service" && !isWhole) return new DecodeFault(missing.Service);
  return isWhole ? decoded : fault("metadata.name: expected a name, got none");
}

/** Of objects without metadata or spec. */
const missing = {
  Ingress: "invalid ingress item: missing Metadata or Spec",
  Service: "Invalid service resource detected.",
};

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

/** Of an object with routes. `fallback`: the namespace of one that names none. */
export function metadataOf(fields: JsonFields, object: JsonObject | null, fallback: string): Metadata {
  const metadata = fields.part(object, "metadata");
  const annotations = fields.textMap(metadata, "annotations");
  return {
    namespace: fields.text(metadata, "namespace") || fallback,
    name: fields.text(metadata, "name"),
    uid: fields.text(metadata, "uid"),
    resourceVersion: fields.text(metadata, "resourceVersion"),
    creationTimestamp: fields.time(metadata, "creationTimestamp"),
    annotations: annotations.has(LAST_APPLIED)
      ? new Map([...annotations].filter(([name]) => name !== LAST_APPLIED))
      : annotations,
    labels: fields.textMap(metadata, "labels"),
  };
}

/** Of an object that routes only refer to: what nobody asks for is checked and dropped. */
function shortMetadataOf(fields: JsonFields, object: JsonObject | null, fallback: string): Metadata {
  const metadata = metadataOf(fields, object, fallback);
  return { ...metadata, uid: "", creationTimestamp: "", annotations: none, labels: none };
}

function decodeIngress(fields: JsonFields, object: JsonObject): Ingress {
  const spec = fields.part(object, "spec");
  return {
    kind: "Ingress",
    metadata: metadataOf(fields, object, ""),
    ingressClassName: fields.text(spec, "ingressClassName"),
    defaultBackend: fields.isAbsent(spec, "defaultBackend")
      ? formerDefaultBackend(spec)
      : serviceBackend(fields, spec, "defaultBackend"),
    rules: fields.parts(spec, "rules").map((rule) => {
      const http = fields.part(rule, "http");
      return {
        host: fields.text(rule, "host"),
        paths: http === null ? null : fields.parts(http, "paths").map((path) => ingressPath(fields, path)),
      };
    }),
    tls: tlsEntries(fields, spec),
    addresses: statusAddresses(fields, object),
  };
}

/** Compat(lb-target-single): as it was written before networking.k8s.io/v1. An API server keeps no such field; files may have it. */
function formerDefaultBackend(spec: JsonObject | null): ServiceBackend | null {
  const backend = member(spec, "backend");
  const service = text(backend, "serviceName");
  const port = member(backend, "servicePort");
  return service !== "" && (typeof port === "string" || typeof port === "number") ? { service, port } : null;
}

function ingressPath(fields: JsonFields, path: JsonObject): IngressPath {
  return {
    path: fields.text(path, "path"),
    pathType: fields.text(path, "pathType"),
    backend: serviceBackend(fields, path, "backend"),
  };
}

/** One that leads to something else than a Service names none. */
function serviceBackend(fields: JsonFields, of: JsonObject | null, name: string): ServiceBackend {
  const service = fields.part(fields.part(of, name), "service");
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
    accepted: acceptedCondition(object),
  };
}

/** What others wrote into a status is read as far as it is as it should be. */
function acceptedCondition(object: JsonObject | null): AcceptedCondition | null {
  const conditions = member(member(object, "status"), "conditions");
  const found = Array.isArray(conditions) ? conditions.find((one) => text(one, "type") === "Accepted") : undefined;
  if (found === undefined) return null;
  return {
    status: text(found, "status"),
    reason: text(found, "reason"),
    message: text(found, "message"),
    lastTransitionTime: text(found, "lastTransitionTime"),
  };
}

function routeGroupSpec(fields: JsonFields, spec: JsonObject): RouteGroupSpec {
  return {
    hosts: fields.texts(spec, "hosts"),
    backends: fields.partsOrNull(spec, "backends").map((backend) => ({
      name: fields.text(backend, "name"),
      type: fields.text(backend, "type"),
      address: fields.text(backend, "address"),
      algorithm: fields.text(backend, "algorithm"),
      endpoints: fields.texts(backend, "endpoints"),
      serviceName: fields.text(backend, "serviceName"),
      servicePort: fields.integer(backend, "servicePort"),
    })),
    defaultBackends: backendReferences(fields, spec, "defaultBackends"),
    routes: fields.partsOrNull(spec, "routes").map((route) => (route === null ? null : routeGroupRoute(fields, route))),
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
  return fields.partsOrNull(of, name).map((reference) => ({
    backendName: fields.text(reference, "backendName"),
    weight: fields.integer(reference, "weight"),
  }));
}

function decodeService(fields: JsonFields, object: JsonObject): Service {
  const spec = fields.part(object, "spec");
  return {
    kind: "Service",
    metadata: shortMetadataOf(fields, object, "default"),
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
    metadata: shortMetadataOf(fields, object, "default"),
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
  const labels = fields.textMap(fields.part(object, "metadata"), "labels");
  return {
    kind: "EndpointSlice",
    metadata: shortMetadataOf(fields, object, ""),
    service: labels.get(SERVICE_LABEL) ?? "",
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
    metadata: shortMetadataOf(fields, object, "default"),
    type: fields.text(object, "type"),
    certificate: data.get(CERTIFICATE) ?? null,
    privateKey: data.get(PRIVATE_KEY) ?? null,
  };
}
