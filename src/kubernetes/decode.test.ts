import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { DecodeFault, decodeObject } from "./decode.ts";
import { KINDS, type Kind, type KubernetesObject } from "./objects.ts";

function decoded<K extends Kind>(kind: K, json: unknown): Extract<KubernetesObject, { kind: K }> {
  const object = decodeObject(kind, json);
  assert.ok(!(object instanceof DecodeFault), String((object as DecodeFault).message));
  return object as Extract<KubernetesObject, { kind: K }>;
}

const metadata = { namespace: "team", name: "web", resourceVersion: "7" };

test("an Ingress", () => {
  const ingress = decoded("Ingress", {
    metadata: {
      ...metadata,
      uid: "u",
      creationTimestamp: "2026-01-31T10:00:00Z",
      labels: { app: "web" },
      annotations: { a: "b", "kubectl.kubernetes.io/last-applied-configuration": "{...}" },
    },
    spec: {
      ingressClassName: "skipper",
      defaultBackend: { service: { name: "web", port: { name: "http" } } },
      rules: [
        null,
        { host: "a.test" },
        {
          http: {
            paths: [
              { path: "/", pathType: "Prefix", backend: { service: { name: "web", port: { number: 80, name: "x" } } } },
              { backend: { resource: { kind: "Bucket", name: "b" } } },
              {},
            ],
          },
        },
      ],
      tls: [{ hosts: ["a.test"], secretName: "cert" }, {}],
    },
    status: { loadBalancer: { ingress: [{ ip: "10.0.0.1" }, { hostname: "lb.test" }] } },
  });
  assert.deepEqual([...ingress.metadata.annotations], [["a", "b"]]);
  assert.deepEqual(
    [ingress.metadata.uid, ingress.metadata.creationTimestamp, ingress.metadata.labels.get("app")],
    ["u", "2026-01-31T10:00:00Z", "web"],
  );
  assert.deepEqual(ingress.defaultBackend, { service: "web", port: "http" });
  assert.deepEqual(ingress.rules, [
    { host: "a.test", paths: null },
    {
      host: "",
      paths: [
        { path: "/", pathType: "Prefix", backend: { service: "web", port: 80 } },
        { path: "", pathType: "", backend: { service: "", port: "" } },
        { path: "", pathType: "", backend: { service: "", port: "" } },
      ],
    },
  ]);
  assert.deepEqual(ingress.tls, [
    { hosts: ["a.test"], secretName: "cert" },
    { hosts: [], secretName: "" },
  ]);
  assert.deepEqual(ingress.addresses, [
    { ip: "10.0.0.1", hostname: "" },
    { ip: "", hostname: "lb.test" },
  ]);
});

test("a Service, in the namespace default when it names none, without what nobody asks for", () => {
  const service = decoded("Service", {
    metadata: { name: "web", uid: "u", labels: { a: "b" }, annotations: { c: "d" } },
    spec: {
      type: "ClusterIP",
      clusterIP: "10.3.0.1",
      externalIPs: ["192.0.2.1"],
      ports: [{ name: "http", port: 80, targetPort: "web" }, { port: 81, targetPort: 8081 }, { port: 82 }, null],
    },
  });
  assert.equal(service.metadata.namespace, "default");
  assert.deepEqual([service.metadata.uid, service.metadata.labels.size, service.metadata.annotations.size], ["", 0, 0]);
  assert.deepEqual(service.ports, [
    { name: "http", port: 80, targetPort: "web" },
    { name: "", port: 81, targetPort: 8081 },
    { name: "", port: 82, targetPort: null },
  ]);
});

test("Endpoints, without those that are not ready", () => {
  const { subsets } = decoded("Endpoints", {
    metadata,
    subsets: [
      { addresses: [{ ip: "10.0.0.1" }, {}, null], notReadyAddresses: [{ ip: "10.0.0.2" }], ports: [{ port: 80 }] },
      { notReadyAddresses: [{ ip: "10.0.0.3" }] },
    ],
  });
  assert.deepEqual(subsets, [
    { addresses: ["10.0.0.1"], ports: [{ name: "", port: 80, protocol: "", appProtocol: "" }] },
    { addresses: [], ports: [] },
  ]);
});

test("an EndpointSlice", () => {
  const slice = decoded("EndpointSlice", {
    metadata: { name: "web-1", labels: { "kubernetes.io/service-name": "web" } },
    endpoints: [
      { addresses: ["10.0.0.1", "10.0.0.9"], zone: "north" },
      { addresses: ["10.0.0.2"], conditions: { ready: false, serving: true } },
      { addresses: ["10.0.0.3"], conditions: { ready: null, terminating: true } },
      { addresses: [] },
      { addresses: null },
      null,
    ],
    ports: [{ name: "http", port: 80, protocol: "TCP", appProtocol: "kubernetes.io/h2c" }],
  });
  assert.deepEqual([slice.metadata.namespace, slice.service], ["", "web"]);
  assert.deepEqual(slice.endpoints, [
    { address: "10.0.0.1", zone: "north", ready: true, terminating: false },
    { address: "10.0.0.2", zone: "", ready: false, terminating: false },
    { address: "10.0.0.3", zone: "", ready: true, terminating: true },
  ]);
  assert.deepEqual(slice.ports, [{ name: "http", port: 80, protocol: "TCP", appProtocol: "kubernetes.io/h2c" }]);
  assert.equal(decoded("EndpointSlice", { metadata, endpoints: [], ports: null }).ports, null);
});

test("a Secret, its data as received", () => {
  const secret = decoded("Secret", { metadata, type: "kubernetes.io/tls", data: { "tls.crt": "AAA=", other: "x" } });
  assert.deepEqual([secret.type, secret.certificate, secret.privateKey], ["kubernetes.io/tls", "AAA=", null]);
});

describe("left out is", () => {
  const cases: readonly (readonly [Kind, unknown, string])[] = [
    ["Ingress", { metadata }, "invalid ingress item: missing Metadata or Spec"],
    ["Ingress", { metadata: { name: "web" }, spec: {} }, "invalid ingress item: missing Metadata or Spec"],
    ["Ingress", { metadata: null, spec: {} }, "invalid ingress item: missing Metadata or Spec"],
    ["Service", { metadata }, "Invalid service resource detected."],
    ["Service", { spec: {} }, "Invalid service resource detected."],
    ["Endpoints", {}, "Endpoints: metadata.name: expected a name, got none"],
    ["Secret", null, "Secret: object: expected an object, got null"],
    ["Secret", [], "Secret: object: expected an object, got a list"],
    [
      "Service",
      { metadata, spec: { ports: [{ port: "80" }] } },
      "Service team/web: spec.ports[0].port: expected an integer, got a string",
    ],
    [
      "Endpoints",
      { metadata: { ...metadata, creationTimestamp: "today" } },
      "Endpoints team/web: metadata.creationTimestamp: expected a time of RFC 3339, got today",
    ],
    [
      "RouteGroup",
      { metadata: { name: "rg" }, spec: { backends: [{ name: 1 }] } },
      "RouteGroup default/rg: spec.backends[0].name: expected a string, got a number",
    ],
  ];
  for (const [kind, json, message] of cases) {
    test(message, () => {
      const object = decodeObject(kind, json);
      assert.ok(object instanceof DecodeFault);
      assert.equal(object.message, message);
    });
  }
});

test("a RouteGroup without name or spec is left to its validation", () => {
  const group = decoded("RouteGroup", {});
  assert.deepEqual([group.metadata.namespace, group.metadata.name, group.spec], ["default", "", null]);
});

test("no JSON makes it crash", () => {
  const names = fc.constantFrom(
    ...["metadata", "name", "namespace", "spec", "rules", "http", "paths", "backend", "service", "port", "number"],
    ...[
      "subsets",
      "addresses",
      "endpoints",
      "ports",
      "conditions",
      "ready",
      "data",
      "backends",
      "routes",
      "tls",
      "hosts",
    ],
  );
  const { json } = fc.letrec<{ json: unknown }>((tie) => ({
    json: fc.oneof(
      { depthSize: "medium", withCrossShrink: true },
      fc.constantFrom(null, true, 0, 80, 1.5, "", "x"),
      fc.array(tie("json"), { maxLength: 3 }),
      fc.dictionary(names, tie("json"), { maxKeys: 5 }),
    ),
  }));
  fc.assert(
    fc.property(fc.constantFrom(...KINDS), json, (kind, value) => {
      const object = decodeObject(kind, value);
      assert.ok(object instanceof DecodeFault ? object.message !== "" : object.kind === kind);
    }),
    { numRuns: 500 },
  );
});
