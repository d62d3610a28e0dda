// The checks of deploy/ find what they are for: each takes what ships, breaks it, and is asked again.

import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { describe, test } from "node:test";
import { LB_ALGORITHMS } from "../src/eskip/lb-algorithms.ts";
import { routeGroupOf } from "../src/kubernetes/objects.fixture.ts";
import { validateRouteGroup } from "../src/kubernetes/validate-route-group.ts";
import {
  at,
  checkArguments,
  checkDockerfile,
  checkReferences,
  checkSchema,
  checkValues,
  type Manifest,
  nameOf,
  readManifests,
  routeGroupValidator,
  shippedManifests,
} from "./deployment.ts";

const all = [checkReferences, checkArguments, (manifests: readonly Manifest[]) => manifests.flatMap(checkSchema)];

function faultsOf(manifests: readonly Manifest[]): string[] {
  return all.flatMap((check) => check(manifests));
}

test("what ships has no faults", () => {
  assert.deepEqual(faultsOf(shippedManifests()), []);
});

describe("a fault in a manifest is found", () => {
  const deployment = "Deployment kube-system/skipper-ingress";
  const cases: [name: string, object: string, change: (object: Manifest) => void, fault: RegExp][] = [
    ["a misspelt field", deployment, ({ spec }) => (spec.replica = 1), /replica/],
    ["no schema", deployment, (object) => Object.assign(object, { kind: "StatefulSet" }), /no schema for its kind/],
    [
      "a pod that may be root",
      deployment,
      ({ spec }) => delete podOf(spec).securityContext.runAsNonRoot,
      /runAsNonRoot/,
    ],
    [
      "a root that can be written",
      deployment,
      ({ spec }) => delete containerOf(spec).securityContext,
      /securityContext/,
    ],
    ["an unknown flag", deployment, ({ spec }) => containerOf(spec).args.push("-nope"), /not defined: -nope/],
    ["a bad value", deployment, ({ spec }) => containerOf(spec).args.push("-workers=x"), /invalid value "x"/],
    ["an unknown program", deployment, ({ spec }) => (containerOf(spec).args[0] = "nginx"), /no program nginx/],
    ["a flag twice", deployment, ({ spec }) => containerOf(spec).args.push("-address=:1"), /-address twice/],
    ["a probe of no port", deployment, ({ spec }) => (containerOf(spec).readinessProbe.httpGet.port = 1), /no port 1/],
    ["a selector that fits nothing", deployment, ({ spec }) => (spec.selector.matchLabels.x = "y"), /does not select/],
    ["a fixed number of pods", deployment, ({ spec }) => (spec.replicas = 3), /sets replicas too/],
    [
      "a role with a wildcard",
      "ClusterRole skipper-ingress",
      (role) => ((role as unknown as Role).rules[0]!.verbs = ["*"]),
      /verbs/,
    ],
    [
      "a binding to no role",
      "ClusterRoleBinding skipper-ingress",
      (binding) => Object.assign(binding.roleRef as object, { name: "x" }),
      /no role x/,
    ],
    ["a service of no pods", "Service kube-system/skipper-ingress", ({ spec }) => (spec.selector.x = "y"), /pods of 0/],
    ["a budget of no pods", "PodDisruptionBudget kube-system/skipper-ingress", noPods, /pods of 0/],
    ["a monitor of no service", "ServiceMonitor kube-system/skipper-ingress", noPods, /selects 0 services/],
    [
      "an autoscaler of nothing",
      "HorizontalPodAutoscaler kube-system/skipper-ingress",
      ({ spec }) => (spec.scaleTargetRef.name = "x"),
      /no deployment x/,
    ],
    [
      "a webhook at no service",
      "ValidatingWebhookConfiguration skipper-ingress-webhook",
      (object) => ((object as unknown as Hooks).webhooks[0]!.clientConfig.service.name = "x"),
      /no service kube-system\/x/,
    ],
  ];
  for (const [name, object, change, fault] of cases) {
    test(name, () => {
      const manifests = structuredClone(shippedManifests());
      const broken = manifests.find((one) => nameOf(one) === object);
      assert.ok(broken !== undefined, object);
      change(broken);
      assert.match(faultsOf(manifests).join("\n"), fault);
    });
  }

  test("the same object twice", () => {
    assert.match(faultsOf([...shippedManifests(), ...shippedManifests()]).join("\n"), /two of that name/);
  });
  test("no YAML", () => {
    assert.notDeepEqual(readManifests("a: [").problems, []);
  });
});

interface Role {
  readonly rules: { verbs: string[] }[];
}

interface Hooks {
  readonly webhooks: { clientConfig: { service: { name: string } } }[];
}

function podOf(spec: Manifest["spec"]) {
  return spec.template.spec;
}

function containerOf(spec: Manifest["spec"]) {
  return podOf(spec).containers[0];
}

function noPods({ spec }: Manifest): void {
  spec.selector.matchLabels.x = "y";
}

describe("the RouteGroup definition", () => {
  const validate = routeGroupValidator();
  const app = { name: "app", type: "service", serviceName: "app-svc", servicePort: 80 };
  const spec = { hosts: ["a.test"], backends: [app], defaultBackends: [{ backendName: "app" }] };

  const accepted: Record<string, unknown> = {
    "the least": { spec: { backends: [{ name: "a", type: "shunt" }] } },
    everything: {
      apiVersion: "zalando.org/v1",
      kind: "RouteGroup",
      metadata: { name: "shop", labels: { a: "b" } },
      spec: {
        hosts: ["shop.example.org", "localhost"],
        backends: [
          app,
          { name: "n", type: "network", address: "https://example.org" },
          { name: "l", type: "lb", algorithm: "consistentHash", endpoints: ["http://10.0.0.1", "http://10.0.0.2"] },
        ],
        defaultBackends: [{ backendName: "app", weight: 0 }],
        routes: [
          { path: "/a", methods: ["GET", "TRACE"], predicates: ["True()"], filters: ['setPath("/")'] },
          { pathSubtree: "/b", backends: [{ backendName: "n", weight: 3 }, { backendName: "l" }] },
          { pathRegexp: "^/c" },
        ],
        tls: [{ hosts: ["shop.example.org"], secretName: "shop-tls" }],
      },
      status: { loadBalancer: { routegroup: [{ hostname: "lb.example.org" }] } },
    },
    "a status with conditions": {
      spec,
      status: {
        observedGeneration: 2,
        conditions: [
          {
            type: "Accepted",
            status: "False",
            reason: "Invalid",
            message: "no",
            lastTransitionTime: "2026-01-01T00:00:00Z",
          },
        ],
      },
    },
  };
  for (const type of ["service", "shunt", "loopback", "dynamic", "lb", "network", "forward"]) {
    accepted[`the type ${type}`] = { spec: { backends: [{ ...app, type }] } };
  }
  for (const algorithm of LB_ALGORITHMS) {
    accepted[`the algorithm ${algorithm}`] = { spec: { backends: [{ ...app, algorithm }] } };
  }
  for (const [name, group] of Object.entries(accepted)) {
    test(`accepts ${name}`, () => assert.deepEqual(validate(group), []));
  }

  const refused: Record<string, unknown> = {
    "no spec": { metadata: { name: "shop" } },
    "no backends": { spec: { hosts: ["a.test"] } },
    "an empty list of backends": { spec: { ...spec, backends: [] } },
    "a backend without name": { spec: { ...spec, backends: [{ type: "shunt" }] } },
    "a backend without type": { spec: { ...spec, backends: [{ ...app, type: undefined, name: "app" }] } },
    "an unknown type": { spec: { ...spec, backends: [{ name: "app", type: "redirect" }] } },
    "an unknown algorithm": { spec: { ...spec, backends: [{ ...app, algorithm: "best" }] } },
    "no endpoints": { spec: { ...spec, backends: [{ name: "app", type: "lb", endpoints: [] }] } },
    "a port that is a text": { spec: { ...spec, backends: [{ ...app, servicePort: "80" }] } },
    "a reference without name": { spec: { ...spec, defaultBackends: [{ weight: 1 }] } },
    "a negative weight": { spec: { ...spec, defaultBackends: [{ backendName: "app", weight: -1 }] } },
    "an empty list of hosts": { spec: { ...spec, hosts: [] } },
    "the same host twice": { spec: { ...spec, hosts: ["a.test", "b.test", "a.test"] } },
    "a host with a wildcard": { spec: { ...spec, hosts: ["*.test"] } },
    "a host in capitals": { spec: { ...spec, hosts: ["A.test"] } },
    "a host that is too long": { spec: { ...spec, hosts: [`${"a".repeat(250)}.test.`] } },
    "an empty list of routes": { spec: { ...spec, routes: [] } },
    "a route that is null": { spec: { ...spec, routes: [null] } },
    "an unknown method": { spec: { ...spec, routes: [{ methods: ["get"] }] } },
    "a filter that is no text": { spec: { ...spec, routes: [{ filters: [1] }] } },
    "TLS without secret": { spec: { ...spec, tls: [{ hosts: ["a.test"] }] } },
    "TLS without hosts": { spec: { ...spec, tls: [{ secretName: "s" }] } },
    "an address list that is missing": { spec, status: { loadBalancer: {} } },
  };
  for (const [name, group] of Object.entries(refused)) {
    test(`refuses ${name}`, () => assert.notDeepEqual(validate(group), []));
  }

  test("knows the same types and algorithms as the controller", () => {
    const { properties } = shippedManifests().find(({ kind }) => kind === "CustomResourceDefinition")!.spec.versions[0]
      .schema.openAPIV3Schema.properties.spec.properties.backends.items;
    assert.deepEqual(properties.algorithm.enum, [...LB_ALGORITHMS]);
    for (const type of properties.type.enum) {
      const backend = { ...app, type, address: "http://a.test", endpoints: ["http://a.test"] };
      assert.deepEqual(validateRouteGroup(routeGroupOf("shop", { ...spec, backends: [backend] })), []);
    }
  });
});

describe("the Dockerfile", () => {
  const dockerfile = readFileSync(at("deploy/Dockerfile"), "utf8");
  const ignore = readFileSync(at(".dockerignore"), "utf8");
  test("as it ships", () => assert.deepEqual(checkDockerfile(dockerfile, ignore), []));
  for (const [name, from, to, fault] of [
    ["a host of images", "FROM node:", "FROM images.test/node:", /plain image name/],
    ["a file that is not there", "COPY src src", "COPY source src", /source: does not exist/],
    ["a file that is not sent", "COPY src src", "COPY test src", /test: left out/],
    ["root", "USER 1000:1000", "USER 0:0", /USER/],
    ["a user by name", "USER 1000:1000", "USER node", /USER/],
    ["another program", 'CMD ["skipper"]', 'CMD ["sh"]', /CMD/],
  ] as const) {
    test(`is refused with ${name}`, () => {
      assert.ok(dockerfile.includes(from));
      assert.match(checkDockerfile(dockerfile.replace(from, to), ignore).join("\n"), fault);
    });
  }
});

test("values of the chart that nothing reads are refused", () => {
  const [values] = readManifests(readFileSync(at("deploy/chart/values.yaml"), "utf8")).manifests;
  assert.deepEqual(checkValues(values), []);
  assert.notDeepEqual(checkValues({ ...values, prot: 1 }), []);
  assert.notDeepEqual(checkValues({ ...values, port: "9999" }), []);
  assert.notDeepEqual(checkValues({ ...values, flags: ["kubernetes"] }), []);
});
