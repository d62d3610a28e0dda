// The objects under review, decoded as far as their checks read them.

import type { BackendReference, Ingress, Metadata, RouteGroup, RouteGroupRoute, RouteGroupSpec } from "../objects.ts";
import { DecodeFault } from "./admitter.ts";
import { JsonFields, type JsonObject } from "./json-fields.ts";

export function decodeIngress(json: unknown): Ingress | DecodeFault {
  const fields = new JsonFields();
  const ingress: Ingress = {
    kind: "Ingress",
    metadata: metadataOf(fields, fields.whole(json, "object")),
    ingressClassName: "",
    defaultBackend: null,
    rules: [],
    tls: [],
    addresses: [],
  };
  return json === null ? missing : fields.fault === "" ? ingress : new DecodeFault(fields.fault);
}

export function decodeRouteGroup(json: unknown): RouteGroup | DecodeFault {
  const fields = new JsonFields();
  const object = fields.whole(json, "object");
  const spec = fields.part(object, "spec");
  const group: RouteGroup = {
    kind: "RouteGroup",
    metadata: metadataOf(fields, object),
    spec: spec === null ? null : specOf(fields, spec),
  };
  return json === null ? missing : fields.fault === "" ? group : new DecodeFault(fields.fault);
}

const missing = new DecodeFault("object: expected an object, got null");

function metadataOf(fields: JsonFields, object: JsonObject | null): Metadata {
  const metadata = fields.part(object, "metadata");
  return {
    namespace: fields.text(metadata, "namespace") || "default",
    name: fields.text(metadata, "name"),
    uid: fields.text(metadata, "uid"),
    resourceVersion: fields.text(metadata, "resourceVersion"),
    creationTimestamp: fields.text(metadata, "creationTimestamp"),
    annotations: fields.textMap(metadata, "annotations"),
    labels: fields.textMap(metadata, "labels"),
  };
}

function specOf(fields: JsonFields, spec: JsonObject): RouteGroupSpec {
  const objects = (name: string) => fields.items(spec, name).map((item) => fields.whole(item, name));
  return {
    hosts: fields.texts(spec, "hosts"),
    backends: objects("backends").map((backend) => ({
      name: fields.text(backend, "name"),
      type: fields.text(backend, "type"),
      address: fields.text(backend, "address"),
      algorithm: fields.text(backend, "algorithm"),
      endpoints: fields.texts(backend, "endpoints"),
      serviceName: fields.text(backend, "serviceName"),
      servicePort: fields.integer(backend, "servicePort"),
    })),
    defaultBackends: referencesOf(fields, spec, "defaultBackends"),
    routes: objects("routes").map((route) => (route === null ? null : routeOf(fields, route))),
    tls: objects("tls").map((tls) => ({
      hosts: fields.texts(tls, "hosts"),
      secretName: fields.text(tls, "secretName"),
    })),
  };
}

function routeOf(fields: JsonFields, route: JsonObject): RouteGroupRoute {
  return {
    path: fields.text(route, "path"),
    pathSubtree: fields.text(route, "pathSubtree"),
    pathRegexp: fields.text(route, "pathRegexp"),
    backends: referencesOf(fields, route, "backends"),
    filters: fields.texts(route, "filters"),
    predicates: fields.texts(route, "predicates"),
    methods: fields.texts(route, "methods"),
  };
}

function referencesOf(fields: JsonFields, of: JsonObject, name: string): readonly BackendReference[] {
  return fields.items(of, name).map((item) => {
    const reference = fields.whole(item, name);
    return { backendName: fields.text(reference, "backendName"), weight: fields.integer(reference, "weight") };
  });
}
