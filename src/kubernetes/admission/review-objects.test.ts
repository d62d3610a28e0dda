import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { DecodeFault } from "../decode.ts";
import { decodeIngress, decodeRouteGroup } from "./review-objects.ts";

test("a RouteGroup", () => {
  const group = decodeRouteGroup({
    apiVersion: "zalando.org/v1",
    metadata: { name: "shop", namespace: "team", annotations: { a: "b" }, generation: 3 },
    spec: {
      hosts: ["a.test"],
      backends: [{ name: "app", type: "service", serviceName: "svc", servicePort: 80, later: true }],
      defaultBackends: [{ backendname: "app", WEIGHT: 2 }],
      routes: [null, { pathSubtree: "/", filters: ["f()", null], backends: [{ backendName: "app" }] }],
    },
  });
  assert.ok(!(group instanceof DecodeFault));
  assert.equal(group.metadata.namespace, "team");
  assert.equal(group.metadata.annotations.get("a"), "b");
  assert.deepEqual(group.spec, {
    hosts: ["a.test"],
    backends: [
      {
        name: "app",
        type: "service",
        address: "",
        algorithm: "",
        endpoints: [],
        serviceName: "svc",
        servicePort: 80,
      },
    ],
    defaultBackends: [{ backendName: "app", weight: 2 }],
    routes: [
      null,
      {
        path: "",
        pathSubtree: "/",
        pathRegexp: "",
        backends: [{ backendName: "app", weight: 0 }],
        filters: ["f()", ""],
        predicates: [],
        methods: [],
      },
    ],
    tls: [],
  });
});

test("what is absent is empty, and the namespace default", () => {
  const group = decodeRouteGroup({});
  assert.ok(!(group instanceof DecodeFault));
  assert.deepEqual([group.metadata.namespace, group.metadata.name, group.spec], ["default", "", null]);
  const ingress = decodeIngress({ metadata: { annotations: null } });
  assert.ok(!(ingress instanceof DecodeFault));
  assert.equal(ingress.metadata.annotations.size, 0);
});

describe("wrong types", () => {
  for (const [object, message] of [
    [null, "object: expected an object, got null"],
    [[], "object: expected an object, got a list"],
    [{ metadata: { annotations: { a: true } } }, "metadata.annotations.a: expected a string, got a boolean"],
    [{ spec: { hosts: "a.test" } }, "spec.hosts: expected a list, got a string"],
    [{ spec: { backends: ["a"] } }, "spec.backends[0]: expected an object, got a string"],
    [
      { spec: { backends: [{ servicePort: "80" }] } },
      "spec.backends[0].servicePort: expected an integer, got a string",
    ],
    [{ spec: { backends: [{ servicePort: 1.5 }] } }, "spec.backends[0].servicePort: expected an integer, got a number"],
    [{ spec: { routes: [{ filters: [{}] }] } }, "spec.routes[0].filters[0]: expected a string, got an object"],
  ] as const) {
    test(message, () => {
      const decoded = decodeRouteGroup(object);
      assert.ok(decoded instanceof DecodeFault);
      assert.equal(decoded.message, message);
    });
  }
});
